package runbook

import (
	"errors"

	"github.com/replssl/replssl/orchestrate/plan"
)

var errNotYet = errors.New("not written yet")

func (w *writer) repairSet(_ plan.RepairSet) ([]command, error) { return nil, errNotYet }

func (w *writer) pruneSets(_ plan.PruneSets) ([]command, error) { return nil, errNotYet }
