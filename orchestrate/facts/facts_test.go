package facts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

func TestAtLeast(t *testing.T) {
	at := func(file string, pos uint64) facts.Position { return facts.Position{File: file, Pos: pos} }
	for _, c := range []struct {
		p, q facts.Position
		want bool
	}{
		{at("binlog.000001", 4), at("binlog.000001", 4), true},
		{at("binlog.000001", 5), at("binlog.000001", 4), true},
		{at("binlog.000001", 3), at("binlog.000001", 4), false},
		{at("binlog.000002", 4), at("binlog.000001", 900), true},
		{at("binlog.000001", 900), at("binlog.000002", 4), false},
		{at("binlog.1000000", 4), at("binlog.999999", 900), true}, // the digits grow
		{at("binlog.999999", 900), at("binlog.1000000", 4), false},
		{at("other.000009", 4), at("binlog.000001", 4), false},
		{at("db1-bin.log.000002", 4), at("db1-bin.log.000001", 4), true},
		{at("", 9), at("", 4), false},
		{at("", 9), at("binlog.000001", 4), false},
		{at("binlog.000001", 4), at("", 0), false},
		{at("binlog.index", 9), at("binlog.000001", 4), false},
	} {
		if got := c.p.AtLeast(c.q); got != c.want {
			t.Errorf("%v at least %v: %v", c.p, c.q, got)
		}
	}
}

func drawPosition(t *rapid.T) facts.Position {
	base := rapid.SampledFrom([]string{"binlog", "db1-bin.log"}).Draw(t, "base")
	number := rapid.SampledFrom([]int{1, 2, 999998, 999999, 1000000, 1000001}).Draw(t, "number")
	return facts.Position{File: fmt.Sprintf("%s.%06d", base, number), Pos: rapid.Uint64Range(4, 7).Draw(t, "pos")}
}

// TestAtLeastIsAnOrder: total among the logs of one server, and nothing between those of two.
func TestAtLeastIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q, r := drawPosition(t), drawPosition(t), drawPosition(t)
		same := strings.TrimRight(p.File, "0123456789") == strings.TrimRight(q.File, "0123456789")
		switch {
		case !p.AtLeast(p):
			t.Fatalf("%v is not at least itself", p)
		case same && !p.AtLeast(q) && !q.AtLeast(p):
			t.Fatalf("%v and %v have no order", p, q)
		case !same && (p.AtLeast(q) || q.AtLeast(p)):
			t.Fatalf("%v and %v of two servers have an order", p, q)
		case p != q && p.AtLeast(q) && q.AtLeast(p):
			t.Fatalf("%v and %v are at least each other", p, q)
		case p.AtLeast(q) && q.AtLeast(r) && !p.AtLeast(r):
			t.Fatalf("%v, %v, %v", p, q, r)
		}
	})
}

func FuzzAtLeast(f *testing.F) {
	f.Add("binlog.999999", uint64(4), "binlog.1000000", uint64(4))
	f.Add("", uint64(0), "a", uint64(1))
	f.Add("a.99999999999999999999", uint64(0), "a.1", uint64(1))
	f.Add("a.-1", uint64(0), "a.+1", uint64(1))
	f.Fuzz(func(t *testing.T, one string, at uint64, other string, against uint64) {
		p, q := facts.Position{File: one, Pos: at}, facts.Position{File: other, Pos: against}
		if one != "" && !p.AtLeast(p) {
			t.Errorf("%v is not at least itself", p)
		}
		if one == other && p.AtLeast(q) != (one != "" && at >= against) {
			t.Errorf("%v and %v", p, q)
		}
		if p.AtLeast(q) && q.AtLeast(p) && at != against {
			t.Errorf("%v and %v are at least each other", p, q)
		}
	})
}

func TestChannelIsFoundOrAbsentOrUnknown(t *testing.T) {
	id := facts.ChannelID{Server: "db2", Name: "east"}
	with := func(channels facts.Value[[]facts.Channel]) facts.Facts {
		return facts.Facts{Servers: map[topology.ServerName]facts.Server{"db2": {Channels: channels}}}
	}
	if c, ok := with(facts.Known([]facts.Channel{{Name: ""}, {Name: "east", SourcePort: 7}})).Channel(id).Get(); !ok || c.SourcePort != 7 {
		t.Errorf("%+v", c)
	}
	if v := with(facts.Known([]facts.Channel{{Name: ""}})).Channel(id); !v.IsAbsent() {
		t.Errorf("a channel that is not there: %v", v)
	}
	if v := with(facts.Unknown[[]facts.Channel]("gone away")).Channel(id); !v.IsUnknown() || v.Why() != "gone away" {
		t.Errorf("channels that could not be looked at: %v", v)
	}
	if v := (facts.Facts{}).Channel(id); !v.IsUnknown() {
		t.Errorf("a server that was not looked at: %v", v)
	}
	if id.String() != "db2/east" || (facts.ChannelID{Server: "db2"}).String() != "db2" {
		t.Errorf("%s", id)
	}
}

func TestThreadStates(t *testing.T) {
	for state, runs := range map[facts.ThreadState]bool{facts.Yes: true, facts.Connecting: true, facts.Preparing: true, facts.No: false, "": false, "yes": false} {
		if state.Runs() != runs {
			t.Errorf("%q runs: %v", state, state.Runs())
		}
	}
	c := facts.Channel{Receiver: facts.Connecting, Applier: facts.No}
	if c.Threads() != (facts.Threads{Receiver: true}) {
		t.Errorf("%+v", c.Threads())
	}
}

func TestRequirementThatRefusesPlaintext(t *testing.T) {
	for kind, tls := range map[facts.RequirementKind]bool{
		facts.RequireNone: false, "": false, facts.RequireSSL: true, facts.RequireX509: true, facts.RequireSpecified: true,
	} {
		if got := (facts.Requirement{Kind: kind}).TLS(); got != tls {
			t.Errorf("%q: %v", kind, got)
		}
	}
}

func TestCurrentSet(t *testing.T) {
	sets := map[int]facts.FileSet{0: {CA: "zero"}, 1: {CA: "one"}}
	for current, want := range map[int]string{0: "", 1: "one", 2: ""} {
		set, ok := facts.TLSDir{Current: current, Sets: sets}.CurrentSet()
		if ok != (want != "") || ok && set.CA != want {
			t.Errorf("%d: %+v %v", current, set, ok)
		}
	}
}

func TestLookIsAUnion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func() facts.Look {
			look := facts.Look{}
			for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]topology.ServerName{"a", "b", "c"}), rapid.ID[topology.ServerName]).Draw(t, "names") {
				look.Add(name, facts.Part(rapid.UintRange(0, uint(facts.PartPlaintext)*2-1).Draw(t, "parts")))
			}
			return look
		}
		one, other := draw(), draw()
		sum := facts.Look{}
		sum.Merge(one)
		sum.Merge(other)
		for _, look := range []facts.Look{one, other} {
			for name, parts := range look {
				if !sum[name].Has(parts) {
					t.Fatalf("%b of %s is lost in %b", parts, name, sum[name])
				}
			}
		}
		for name, parts := range sum {
			if parts != one[name]|other[name] {
				t.Fatalf("%b of %s is made up", parts, name)
			}
		}
		if names := sum.Names(); !slices.IsSorted(names) || len(names) != len(sum) {
			t.Fatalf("%v", names)
		}
	})
}

// TestQuietPartsLogInAsNobody: a plan writes nothing anywhere, not even a failed login.
func TestQuietPartsLogInAsNobody(t *testing.T) {
	if facts.PartsQuiet&(facts.PartTrial|facts.PartPlaintext) != 0 {
		t.Error("a quiet look tries a login")
	}
	if facts.PartsQuiet|facts.PartTrial|facts.PartPlaintext != facts.PartPlaintext*2-1 {
		t.Error("a part is missing from the quiet ones")
	}
}
