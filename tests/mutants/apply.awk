# awk -f apply.awk DIR/old DIR/new FILE: FILE on stdout with the old text replaced by the new one;
# exit 3 if it does not stand there exactly once.
function slurp(name,   all, line, glue) {
	all = glue = ""
	while ((getline line < name) > 0) {
		all = all glue line
		glue = "\n"
	}
	close(name)
	return all
}
BEGIN {
	old = slurp(ARGV[1]); new = slurp(ARGV[2]); text = slurp(ARGV[3])
	at = index(text, old)
	if (old == "" || !at || index(substr(text, at + 1), old))
		exit 3
	print substr(text, 1, at - 1) new substr(text, at + length(old))
}
