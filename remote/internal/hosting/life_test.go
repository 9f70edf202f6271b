package hosting_test

import (
	"errors"
	"testing"

	"github.com/replssl/replssl/remote/internal/hosting"
)

func TestTheFirstReasonStays(t *testing.T) {
	life := hosting.NewLife()
	if err := life.Err(); err != nil {
		t.Errorf("before the end: %v", err)
	}
	first := errors.New("first")
	life.End(first)
	life.End(errors.New("second"))
	<-life.Done()
	if err := life.Err(); !errors.Is(err, first) {
		t.Errorf("got %v", err)
	}
}
