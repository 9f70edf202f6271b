package orchestratetest

import (
	"errors"

	"github.com/replssl/replssl/orchestrate/plan"
)

var errNotYet = errors.New("not written yet")

func (w *World) repair(_ plan.RepairSet) error { return errNotYet }

func (w *World) prune(_ plan.PruneSets) error { return errNotYet }
