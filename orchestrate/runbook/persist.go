package runbook

import "github.com/replssl/replssl/orchestrate/plan"

func (w *writer) persist(_ plan.Persist) ([]command, error) { return nil, errNotYet }

func (w *writer) unpersist(_ plan.Unpersist) ([]command, error) { return nil, errNotYet }
