package orchestratetest

import "github.com/replssl/replssl/orchestrate/plan"

func (w *World) persist(_ plan.Persist) error { return errNotYet }

func (w *World) unpersist(_ plan.Unpersist) error { return errNotYet }
