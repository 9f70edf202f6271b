package ui

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

const (
	// soon is how many days before its end a certificate is marked.
	soon = 30

	// doingWidth is how wide the last column may be, so that the table of usual names fits a terminal of 120 columns.
	doingWidth = 36

	unknownCell = "?"
	absentCell  = "-"
)

// Status prints one line a channel, and one for a server without any; then the reasons, and what is in the way.
func Status(w io.Writer, s plan.StatusReport) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SERVER\tROLE\tCHANNEL\tPROOF\tRUNS\tREQUIRES\tCERTIFICATE\tDAYS LEFT\tAPPLY WOULD")
	for _, server := range s.Servers {
		printServer(table, server, channelsOf(s, server.Server))
	}
	_ = table.Flush()
	fmt.Fprintln(w)
	tellVersions(w, s.Servers)
	tellSettings(w, s.Servers)
	explainDoubts(w, s.Channels)
	h := &hints{}
	tellProblems(w, h, "", notBlocking(s.Problems, s.Plan.Blocked))
	tellEnds(w, s.Servers)
	tellBlocked(w, h, s.Plan.Blocked)
	tellWarnings(w, s.Plan.Warnings)
	fmt.Fprintf(w, "Cluster %s: %s\n", s.Cluster, outlook(s.Plan))
}

func channelsOf(s plan.StatusReport, server topology.ServerName) []plan.ChannelStatus {
	return slices.DeleteFunc(slices.Clone(s.Channels), func(c plan.ChannelStatus) bool { return c.Server != server })
}

// printServer prints the lines of a server. What would be done to the server as a whole stands in the first.
func printServer(table io.Writer, s plan.ServerStatus, channels []plan.ChannelStatus) {
	own := []string{or(s.Require), certificate(s), daysLeft(s)}
	if names, ok := s.Channels.Get(); !ok || len(names) == 0 {
		cell := absentCell
		if !ok {
			cell = unknownCell
		}
		printRow(table, append([]string{string(s.Server), s.Role, cell, cell, cell}, own...), s.ApplyWould)
		return
	}
	doing := s.ApplyWould
	for _, c := range channels {
		for _, word := range c.ApplyWould {
			if !slices.Contains(doing, word) {
				doing = append(slices.Clone(doing), word)
			}
		}
		printRow(table, append([]string{string(s.Server), s.Role, shortName(c.Channel), proof(c), runs(c)}, own...), doing)
		doing = nil
	}
}

// printRow prints the cells and, in as many lines as it takes, what would be done.
func printRow(table io.Writer, cells, doing []string) {
	for _, line := range fold(doing) {
		fmt.Fprintf(table, "%s\t%s\n", strings.Join(cells, "\t"), line)
		cells = make([]string, len(cells))
	}
}

// fold breaks a list into lines of the last column's width, after its commas. A reason that is too long is cut: it stands in full below.
func fold(words []string) []string {
	if len(words) == 0 {
		return []string{"nothing"}
	}
	var lines []string
	line := cut(words[0])
	for _, word := range words[1:] {
		if len(line)+len(", ")+len(word) >= doingWidth {
			lines, line = append(lines, line+","), cut(word)
			continue
		}
		line += ", " + word
	}
	return append(lines, line)
}

const cutMark = "..."

// cut ends a text that is too long after a whole word.
func cut(text string) string {
	letters := []rune(text)
	if len(letters) <= doingWidth {
		return text
	}
	fits := letters[:doingWidth-len(cutMark)+1] // with the letter that tells whether a word ends before it
	if space := strings.LastIndexByte(string(fits), ' '); space > 0 {
		return strings.TrimRight(string(fits)[:space], " :,") + cutMark
	}
	return string(fits[:len(fits)-1]) + cutMark
}

func shortName(channel string) string {
	if channel == "" {
		return "default"
	}
	return channel
}

func proof(c plan.ChannelStatus) string {
	switch {
	case c.Encrypted:
		return fmt.Sprintf("encrypted (%s)", c.Proof)
	case c.Receiver != facts.Yes:
		return "not connected"
	case c.Proof == plan.Configured:
		return fmt.Sprintf("unproven (%s)", c.Proof)
	}
	return "plaintext"
}

// runs is the lag of a channel whose threads run, and otherwise which of them does not, in a way that stands out.
func runs(c plan.ChannelStatus) string {
	var not []string
	switch c.Receiver {
	case facts.Yes:
	case facts.No:
		not = append(not, "receiver")
	default:
		not = append(not, strings.ToLower(string(c.Receiver)))
	}
	if c.Applier != facts.Yes {
		not = append(not, "applier")
	}
	switch len(not) {
	case 0:
		return "yes, " + seconds(c.Lag)
	case 1:
		return "NO: " + not[0]
	}
	return "NO: both"
}

// certificate tells which set is in use on the host, and whether the server serves it.
func certificate(s plan.ServerStatus) string {
	var parts []string
	switch set, ok := s.SetInUse.Get(); {
	case !ok:
		parts = append(parts, "set "+unknownCell)
	case set > 0:
		parts = append(parts, fmt.Sprintf("set %d", set))
	}
	serves, ok := s.ServesOn.Get()
	own, compared := s.ServesSet.Get()
	switch {
	case !ok:
		parts = append(parts, "served "+unknownCell)
	case serves && compared && !own && s.Role == "replica":
		parts = append(parts, "as a client") // nobody of the cluster looks at what it serves
	case serves && compared && !own:
		parts = append(parts, "another served")
	case serves:
		parts = append(parts, "served")
	}
	switch {
	case !s.SetInUse.IsKnown() && !ok:
		return unknownCell
	case len(parts) == 0:
		return absentCell
	}
	return strings.Join(parts, ", ")
}

// daysLeft are those of the certificate that ends first, of the one in use and the one that is served.
func daysLeft(s plan.ServerStatus) string {
	if s.DaysLeft.IsUnknown() || s.SetDaysLeft.IsUnknown() {
		return unknownCell
	}
	days, _, ok := firstEnd(s)
	switch {
	case !ok:
		return absentCell
	case days < 0:
		return "EXPIRED"
	case days < soon:
		return fmt.Sprintf("%d SOON", days)
	}
	return fmt.Sprint(days)
}

func firstEnd(s plan.ServerStatus) (days int, until string, ok bool) {
	served, serves := s.DaysLeft.Get()
	inSet, has := s.SetDaysLeft.Get()
	if serves && (!has || served <= inSet) {
		return served, s.Until.String(), true
	}
	return inSet, s.SetUntil.String(), has
}

func tellVersions(w io.Writer, servers []plan.ServerStatus) {
	var said together
	for _, s := range servers {
		if version, ok := s.Version.Get(); ok {
			said.say(string(s.Server), version)
		}
	}
	said.print(w, "")
}

// explainDoubts tells why a channel that is connected is not proven to be encrypted, or shows no lag, or is none of the inventory's. Why one is
// not connected is told among the problems, where the server says why.
func explainDoubts(w io.Writer, channels []plan.ChannelStatus) {
	var doubtful []plan.ReplicaReport
	for _, c := range channels {
		noLag := !c.Lag.IsKnown() && c.Applier == facts.Yes
		if c.Receiver == facts.Yes && (!c.Encrypted || noLag || c.Stranger) {
			doubtful = append(doubtful, c.ReplicaReport)
		}
	}
	explain(w, doubtful)
}

// notBlocking leaves out the problems that are told among what blocks.
func notBlocking(problems []plan.Problem, blocked []plan.Blocked) []plan.Problem {
	told := func(p plan.Problem) bool {
		return slices.ContainsFunc(blocked, func(b plan.Blocked) bool {
			return b.Target == p.Server && strings.HasSuffix(text(p), text(plan.Problem{Server: b.Target, Why: b.Why}))
		})
	}
	return slices.DeleteFunc(slices.Clone(problems), told)
}

func tellEnds(w io.Writer, servers []plan.ServerStatus) {
	var said together
	for _, s := range servers {
		days, until, ok := firstEnd(s)
		switch {
		case !ok || days >= soon:
		case days < 0:
			said.say(string(s.Server), "the certificate has expired, on "+until)
		default:
			said.say(string(s.Server), fmt.Sprintf("the certificate ends in %s, on %s", counted(days, "day"), until))
		}
	}
	said.print(w, "warning: ")
}

// outlook is what the next apply comes to.
func outlook(p plan.Outlook) string {
	switch {
	case len(p.Blocked) > 0:
		return fmt.Sprintf("%s the plan; apply would change nothing.", blocking(len(p.Blocked)))
	case p.Steps == 0:
		return "apply has nothing to do."
	}
	return fmt.Sprintf("apply would take %s; `replssl plan` shows them.", counted(p.Steps, "step"))
}
