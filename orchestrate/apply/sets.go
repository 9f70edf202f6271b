package apply

import (
	"context"
	"errors"

	"github.com/replssl/replssl/orchestrate/plan"
)

var errNotYet = errors.New("not written yet")

func (x *Executor) repairSet(_ context.Context, _ plan.RepairSet) error { return errNotYet }

func (x *Executor) pruneSets(_ context.Context, _ plan.PruneSets) error { return errNotYet }
