package facts_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/facts"
)

func TestZeroValueIsUnknown(t *testing.T) {
	var v facts.Value[int]
	if !v.IsUnknown() || v.IsKnown() || v.IsAbsent() || v.Why() == "" {
		t.Errorf("%v: %q", v, v.Why())
	}
	if _, ok := v.Get(); ok {
		t.Error("what nobody looked at has a value")
	}
}

// TestValueIsOneOfThree: known, absent or unknown, whatever it holds, the zero of its type included.
func TestValueIsOneOfThree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, why, hint := rapid.Int().Draw(t, "n"), rapid.String().Draw(t, "why"), rapid.String().Draw(t, "hint")
		other := rapid.Int().Draw(t, "other")
		for _, c := range []struct {
			value                  facts.Value[int]
			known, absent, unknown bool
			or                     int
			json                   string
		}{
			{facts.Known(n), true, false, false, n, ""},
			{facts.Absent[int](), false, true, false, other, "null"},
			{facts.Unknown[int](why), false, false, true, other, "null"},
			{facts.Unknown[int](why).WithHint(hint), false, false, true, other, "null"},
		} {
			v := c.value
			if v.IsKnown() != c.known || v.IsAbsent() != c.absent || v.IsUnknown() != c.unknown {
				t.Fatalf("%v: %v %v %v", v, v.IsKnown(), v.IsAbsent(), v.IsUnknown())
			}
			got, ok := v.Get()
			if ok != c.known || v.Or(other) != c.or || ok && got != n {
				t.Fatalf("%v: got %d (%v), or %d", v, got, ok, v.Or(other))
			}
			if (v.Why() != "") != c.unknown {
				t.Fatalf("%v: the reason is %q", v, v.Why())
			}
			text, err := json.Marshal(v)
			if err != nil || c.json != "" && string(text) != c.json {
				t.Fatalf("%v: %s %v", v, text, err)
			}
		}
		if why != "" && facts.Unknown[int](why).Why() != why {
			t.Fatalf("the reason %q became %q", why, facts.Unknown[int](why).Why())
		}
	})
}

// TestAsKeepsStateReasonAndHint; of a known value nothing but unknown can be made, since its type is another.
func TestAsKeepsStateReasonAndHint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		why, hint := rapid.String().Draw(t, "why"), rapid.String().Draw(t, "hint")
		from := facts.Unknown[int](why).WithHint(hint)
		to := facts.As[string](from)
		if !to.IsUnknown() || to.Why() != from.Why() || to.Hint() != hint {
			t.Fatalf("%v (%s) became %v (%s)", from, hint, to, to.Hint())
		}
		if !facts.As[string](facts.Absent[int]()).IsAbsent() {
			t.Fatal("absent became something else")
		}
		if facts.As[string](facts.Known(1)).IsKnown() {
			t.Fatal("a value was made up")
		}
	})
}

func TestValueAsText(t *testing.T) {
	for text, v := range map[string]facts.Value[int]{
		"7": facts.Known(7), "absent": facts.Absent[int](), "unknown: no sudo": facts.Unknown[int]("no sudo"),
		"unknown: the answer 3 is odd": facts.Unknownf[int]("the answer %d is odd", 3),
	} {
		if v.String() != text {
			t.Errorf("%q, want %q", v, text)
		}
	}
	if text := (facts.Value[int]{}).String(); !strings.HasPrefix(text, "unknown: ") {
		t.Errorf("%q", text)
	}
	if text, _ := json.Marshal(facts.Known([]string{"a"})); string(text) != `["a"]` {
		t.Errorf("%s", text)
	}
}
