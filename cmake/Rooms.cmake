# simrun_room(NAME FOLDER [LINK rooms...] [PUBLIC libs...] [PRIVATE libs...])
# builds every .c file of FOLDER (and of bgp's three inner rooms) into one static library.
add_library(simrun_flags INTERFACE)
target_compile_features(simrun_flags INTERFACE c_std_17)
target_compile_definitions(simrun_flags INTERFACE _GNU_SOURCE)
target_compile_options(simrun_flags INTERFACE
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
	-Wcast-qual -Wwrite-strings -Wvla -Wundef -Wformat=2 -fno-common)
target_include_directories(simrun_flags INTERFACE ${CMAKE_SOURCE_DIR})

option(SIMRUN_WERROR "Treat warnings as errors" OFF)
if(SIMRUN_WERROR)
	target_compile_options(simrun_flags INTERFACE -Werror)
endif()
set(SIMRUN_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined")
if(SIMRUN_SANITIZE)
	target_compile_options(simrun_flags INTERFACE
		-fsanitize=${SIMRUN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
	target_link_options(simrun_flags INTERFACE -fsanitize=${SIMRUN_SANITIZE})
endif()

function(simrun_room name folder)
	cmake_parse_arguments(ROOM "" "" "LINK;PUBLIC;PRIVATE" ${ARGN})
	file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.c)
	if(folder STREQUAL "bgp")
		file(GLOB inner CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bgp/*/*.c)
		list(APPEND sources ${inner})
	elseif(folder STREQUAL "topo")
		file(GLOB inner CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/topo/*/*.c)
		list(APPEND sources ${inner})
	endif()
	if(NOT sources)
		set(sources ${CMAKE_SOURCE_DIR}/cmake/empty.c)
	endif()
	add_library(${name} STATIC ${sources})
	set_target_properties(${name} PROPERTIES OUTPUT_NAME simrun_${name})
	target_link_libraries(${name} PUBLIC simrun_flags ${ROOM_LINK} ${ROOM_PUBLIC}
		PRIVATE ${ROOM_PRIVATE})
endfunction()
