# awk -v out=DIR -f split.awk list: a folder a mutant, numbered, with name, what, file, old, new; the
# number of mutants on stdout.
function put(name, text) { printf "%s", text > (dir "/" name); close(dir "/" name) }
function finish() {
	if (!dir)
		return
	put("old", old)
	put("new", new)
}
function bad(why) { print FILENAME ":" FNR ": " why > "/dev/stderr"; failed = 1; exit 1 }
/^#/ || /^$/ { next }
/^= / {
	finish()
	if (!match($0, /: /))
		bad("= name: what")
	dir = sprintf("%s/%03d", out, ++count)
	system("mkdir -p '" dir "'")
	put("name", substr($0, 3, RSTART - 3))
	put("what", substr($0, RSTART + 2))
	if (names[substr($0, 3, RSTART - 3)]++)
		bad("a name twice")
	old = new = ""
	next
}
/^@ / { put("file", substr($0, 3)); next }
/^- ?/ { old = old substr($0, 3) "\n"; next }
/^\+ ?/ { new = new substr($0, 3) "\n"; next }
{ bad("what is this?") }
END { if (!failed) { finish(); print count } }
