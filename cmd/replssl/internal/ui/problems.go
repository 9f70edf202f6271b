package ui

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// told is one line about servers of which the same is not known.
type told struct {
	servers []string
	known   bool // and then of one server: each counts
	text    string
	hint    string
}

// tellProblems prints each problem once, and what several of a server are unknown for once too: a host that cannot be reached makes
// everything unknown that was looked for there. A hint follows the first line that it belongs to. It gives how many problems that makes.
func tellProblems(w io.Writer, h *hints, prefix string, problems []plan.Problem) int {
	var lines []told
	for _, p := range gather(problems) {
		i := slices.IndexFunc(lines, func(l told) bool { return !l.known && !p.Known && l.text == p.Why })
		if i < 0 {
			lines = append(lines, told{text: p.Why, known: p.Known})
			i = len(lines) - 1
		}
		lines[i].hint = cmp.Or(lines[i].hint, p.Hint)
		if name := plan.TargetName(p.Server); !slices.Contains(lines[i].servers, name) {
			lines[i].servers = append(lines[i].servers, name)
		}
	}
	for _, l := range lines {
		fmt.Fprintf(w, "%s%s: %s\n", prefix, strings.Join(l.servers, ", "), l.text)
		h.print(w, l.hint)
	}
	return len(lines)
}

// hints prints each hint once: whoever has read it knows it.
type hints struct{ printed []string }

func (h *hints) print(w io.Writer, hint string) {
	if hint == "" || slices.Contains(h.printed, hint) {
		return
	}
	h.printed = append(h.printed, hint)
	fmt.Fprintf(w, "hint: %s\n", hint)
}

const between = ": "

// gather puts the unknown problems of a server that share their reason into one, at the place of the first.
func gather(problems []plan.Problem) []plan.Problem {
	shared := sharedReasons(problems)
	at := map[plan.Problem]int{} // of the one that holds the others of this server and reason
	var list []plan.Problem
	var heads [][]string
	for _, p := range problems {
		head, reason := part(p, shared)
		key := plan.Problem{Server: p.Server, Known: p.Known, Why: reason}
		i, ok := at[key]
		if !ok {
			i = len(list)
			at[key], list, heads = i, append(list, key), append(heads, nil)
		}
		list[i].Hint = cmp.Or(list[i].Hint, p.Hint)
		if head != "" && !slices.Contains(heads[i], head) {
			heads[i] = append(heads[i], head)
		}
	}
	for i := range list {
		if len(heads[i]) > 0 {
			list[i].Why = strings.Join(heads[i], ", ") + between + list[i].Why
		}
	}
	return list
}

// ending is the end of a problem's text.
type ending struct {
	server topology.ServerName
	text   string
}

// sharedReasons are the ends that several different unknown problems of a server have in common.
func sharedReasons(problems []plan.Problem) map[ending]bool {
	seen, shared := map[ending]string{}, map[ending]bool{}
	for _, p := range problems {
		if p.Known {
			continue
		}
		whole := text(p)
		for _, end := range endings(whole) {
			e := ending{p.Server, end}
			if other, ok := seen[e]; ok && other != whole {
				shared[e] = true
			}
			seen[e] = whole
		}
	}
	return shared
}

// part cuts a problem before the longest reason that it shares; one that shares none is a reason as a whole.
func part(p plan.Problem, shared map[ending]bool) (head, reason string) {
	whole := text(p)
	if p.Known {
		return "", whole
	}
	for _, end := range endings(whole) {
		if shared[ending{p.Server, end}] {
			return strings.TrimSuffix(strings.TrimSuffix(whole, end), between), end
		}
	}
	return "", whole
}

// endings are the text itself and what follows each colon in it, the longest first.
func endings(text string) []string {
	list := []string{text}
	for {
		_, rest, ok := strings.Cut(text, between)
		if !ok {
			return list
		}
		list, text = append(list, rest), rest
	}
}

// text is a problem without the name of its server, which the line begins with.
func text(p plan.Problem) string {
	name := between + string(p.Server) + between
	return strings.TrimPrefix(strings.ReplaceAll(between+p.Why, name, between), between)
}
