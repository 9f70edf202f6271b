package plan

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestZeroVerdictCannotTell(t *testing.T) {
	var v Verdict
	if v.Holds() || v.Fails() || !v.Unclear() || v.Final() {
		t.Errorf("%+v", v)
	}
}

func TestVerdictIsOneOfThree(t *testing.T) {
	for _, c := range []struct {
		verdict               Verdict
		holds, fails, unclear bool
		final                 bool
		text                  string
	}{
		{yes(), true, false, false, false, "holds"},
		{no("the %s", "door"), false, true, false, false, "the door"},
		{finally("never"), false, true, false, true, "never"},
		{unclear("fog"), false, false, true, false, "cannot tell: fog"},
	} {
		v := c.verdict
		if v.Holds() != c.holds || v.Fails() != c.fails || v.Unclear() != c.unclear || v.Final() != c.final || v.String() != c.text {
			t.Errorf("%+v: %s", v, v)
		}
	}
}

// TestAllIsAConjunction: it holds when all hold, fails when one fails, cannot tell otherwise, and keeps every reason in order.
func TestAllIsAConjunction(t *testing.T) {
	kinds := []Verdict{yes(), no("a"), finally("b"), unclear("c")}
	rapid.Check(t, func(t *rapid.T) {
		verdicts := rapid.SliceOf(rapid.SampledFrom(kinds)).Draw(t, "verdicts")
		failing, unsure, final := false, false, false
		var why []string
		for _, v := range verdicts {
			failing, unsure, final = failing || v.Fails(), unsure || v.Unclear(), final || v.Final()
			if !v.Holds() {
				why = append(why, v.Why())
			}
		}
		sum := all(verdicts...)
		if sum.Fails() != failing || sum.Unclear() != (unsure && !failing) || sum.Holds() != (!failing && !unsure) ||
			sum.Final() != final || sum.Why() != strings.Join(why, "; ") {
			t.Fatalf("%v: %+v", verdicts, sum)
		}
	})
}
