package live

import "slices"

// folded are replicas of one state that share a line.
type folded struct {
	state state
	text  string
	nodes []*node
}

// choose says which replicas have rows of their own in so much room: all, or else those where something goes on, the most urgent first, and
// the canaries. The others share lines, by their reasons or, where even that is too much, by their states.
func choose(nodes []*node, room int) (map[*node]bool, []folded) {
	if rowsOf(nodes) <= room {
		return everyone(nodes), nil
	}
	classes := classify(nodes, mostReasons)
	if len(classes) > room {
		classes = classify(nodes, 1)
	}
	return divide(classes, room)
}

// divide shows of what just waits or is done either all or nothing, so that rows do not come and go.
func divide(classes []folded, room int) (map[*node]bool, []folded) {
	shown := map[*node]bool{}
	room -= len(classes) // each may need a line for what is left
	for _, c := range classes {
		for _, n := range c.nodes {
			if c.state <= working || n.rows[0].mark == canary && c.state == waiting {
				room -= show(shown, room, n)
			}
		}
	}
	for _, c := range classes {
		room -= show(shown, room, c.nodes...)
	}
	return shown, left(classes, shown)
}

// mostReasons is into how many lines those of one state are told apart by their reason.
const mostReasons = 3

// classify puts together the nodes of a state that wait, or did not begin, for the same reason; the most urgent state comes first.
func classify(nodes []*node, reasons int) []folded {
	var classes []folded
	for st := failed; st <= idle; st++ {
		var same []*node
		for _, n := range nodes {
			if n.urgency() == st {
				same = append(same, n)
			}
		}
		if apart := byReason(st, same); len(apart) <= reasons {
			classes = append(classes, apart...)
		} else {
			classes = append(classes, folded{state: st, text: st.String(), nodes: same})
		}
	}
	return classes
}

func byReason(st state, nodes []*node) []folded {
	var classes []folded
	for _, n := range nodes {
		reason := st.String()
		if r := n.rows[0]; r.state == st && st > working {
			reason = r.text
		}
		i := slices.IndexFunc(classes, func(c folded) bool { return c.text == reason })
		if i < 0 {
			i, classes = len(classes), append(classes, folded{state: st, text: reason})
		}
		classes[i].nodes = append(classes[i].nodes, n)
	}
	return classes
}

// show shows nodes, with those that they hang from, if all of them have room; it gives the rows that this takes.
func show(shown map[*node]bool, room int, nodes ...*node) int {
	fresh := map[*node]bool{}
	rows := 0
	for _, n := range nodes {
		for ; n.above != nil && !shown[n] && !fresh[n]; n = n.above {
			fresh[n] = true
			rows += len(n.rows)
		}
	}
	if rows > room {
		return 0
	}
	for n := range fresh {
		shown[n] = true
	}
	return rows
}

// left are those of each class that are not shown. One that is alone takes the line for itself.
func left(classes []folded, shown map[*node]bool) []folded {
	var all []folded
	for _, c := range classes {
		c.nodes = slices.DeleteFunc(c.nodes, func(n *node) bool { return shown[n] })
		if len(c.nodes) == 1 && show(shown, 1, c.nodes[0]) == 1 {
			continue
		}
		if len(c.nodes) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// urgency is the most urgent state of a node's rows.
func (n *node) urgency() state {
	most := idle
	for _, r := range n.rows {
		most = min(most, r.state)
	}
	return most
}

func everyone(nodes []*node) map[*node]bool {
	all := map[*node]bool{}
	for _, n := range nodes {
		all[n] = true
	}
	return all
}

func rowsOf(nodes []*node) int {
	rows := 0
	for _, n := range nodes {
		rows += len(n.rows)
	}
	return rows
}

func (s state) String() string {
	switch s {
	case failed:
		return "FAILED"
	case held:
		return "held"
	case working:
		return "at work"
	case waiting:
		return "waiting"
	case notBegun:
		return "not begun"
	case finished:
		return "done"
	case idle:
	}
	return "nothing to do"
}
