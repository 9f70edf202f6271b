package seen_test

import (
	"testing"

	"github.com/replssl/replssl/remote/seen"
)

func TestTheZeroValueIsUnknownAndNeverAbsent(t *testing.T) {
	var nobody seen.Value[int]
	if nobody.IsAbsent() || !nobody.IsUnknown() || nobody.Why() != "nobody looked" {
		t.Errorf("zero value is %v", nobody)
	}
}

func TestEachAnswerIsOnlyItself(t *testing.T) {
	for _, c := range []struct {
		value                  seen.Value[int]
		known, absent, unknown bool
		text                   string
	}{
		{seen.Known(0), true, false, false, "0"},
		{seen.Absent[int](), false, true, false, "absent"},
		{seen.Unknown[int]("denied"), false, false, true, "unknown (denied)"},
	} {
		_, known := c.value.Get()
		if known != c.known || c.value.IsAbsent() != c.absent || c.value.IsUnknown() != c.unknown || c.value.String() != c.text {
			t.Errorf("%v answers known=%v absent=%v unknown=%v", c.value, known, c.value.IsAbsent(), c.value.IsUnknown())
		}
	}
}
