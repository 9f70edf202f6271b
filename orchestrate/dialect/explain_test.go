package dialect_test

import (
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
)

// A number alone has a meaning, or several, each told apart by words of its text.
func TestPossibleMeanings(t *testing.T) {
	for _, number := range []int{1045, 1105, 1236, 1593, 2026, 2061, 3159, 3888, 13117} {
		f := dialect.Failure{Number: number}
		_, known := dialect.MeaningOf(f)
		possible := dialect.PossibleMeanings(f)
		if !known && len(possible) == 0 {
			t.Errorf("nothing is known of %d", number)
		}
		for _, m := range possible {
			if m.Means == "" || len(possible) > 1 && m.Words == "" && !known {
				t.Errorf("%d: %+v", number, m)
			}
		}
	}
	if possible := dialect.PossibleMeanings(dialect.Failure{Number: 99999}); len(possible) > 0 {
		t.Errorf("%+v", possible)
	}
}
