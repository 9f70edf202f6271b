package shell

// Silent runs the line with its output thrown away, for a command that is asked for its exit status and its complaints alone.
func (l Line) Silent() Line {
	if l.Err() != nil {
		return l
	}
	return Words("/bin/sh", "-c", l.text+" >/dev/null")
}
