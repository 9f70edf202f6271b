package sshconfig

import "strings"

// matchLine decides a line of conditions, of which all have to hold. One that cannot be decided here matters only where the others hold.
func (r *reading) matchLine(at *place, line string) (state, error) {
	holds, unknown, count := true, "", 0
	for rest := line; ; {
		key, after := keyword(rest)
		if key == "" || strings.HasPrefix(key, "#") {
			break
		}
		count++
		name, negated := strings.CutPrefix(key, "!")
		var argument string
		if rest = after; wantsArgument(name) {
			argument, rest = keyword2(after)
			if argument == "" {
				return state{}, at.fault("match %s wants an argument", name)
			}
		}
		switch fits, known := r.condition(name, argument); {
		case !known:
			unknown = strings.TrimSpace("Match " + name + " " + argument)
		case fits == negated:
			holds = false
		}
	}
	switch {
	case count == 0:
		return state{}, at.fault("match wants a condition")
	case holds && unknown != "":
		return at.under(state{undecided: unknown}), nil
	}
	return at.under(decided(holds)), nil
}

// keyword2 takes the argument of a condition off a line, as it is written; it may stand in quotes.
func keyword2(line string) (argument, rest string) {
	if after, ok := strings.CutPrefix(line, `"`); ok {
		if argument, rest, ok = strings.Cut(after, `"`); ok {
			return argument, strings.TrimLeft(rest, blanks)
		}
	}
	end := strings.IndexAny(line, blanks+"=")
	if end < 0 {
		return line, ""
	}
	return line[:end], strings.TrimLeft(line[end:], blanks+"=")
}

func wantsArgument(condition string) bool {
	return condition != "all" && condition != "canonical" && condition != "final"
}

// condition decides one condition by what was set up to here; known is false for one that is not decided here.
func (r *reading) condition(name, argument string) (fits, known bool) {
	switch name {
	case "all":
		return true, true
	case "final":
		r.again = true
		return r.final, true
	case "canonical":
		return r.final, true
	case "host":
		return matchesList(strings.ToLower(argument), strings.ToLower(r.values.host(r.name))), true
	case "originalhost":
		return matchesList(strings.ToLower(argument), strings.ToLower(r.alias)), true
	case "user":
		return matchesList(argument, r.values.user.orText(r.env.User)), true
	case "localuser":
		return matchesList(argument, r.env.User), true
	}
	return false, false
}
