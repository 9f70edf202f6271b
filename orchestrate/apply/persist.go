package apply

import (
	"context"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/plan"
)

func (x *Executor) persist(_ context.Context, _ plan.Persist, _ func(event.Event) error) error {
	return errNotYet
}

func (x *Executor) unpersist(_ context.Context, _ plan.Unpersist, _ func(event.Event) error) error {
	return errNotYet
}
