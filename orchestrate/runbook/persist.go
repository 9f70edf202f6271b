package runbook

import (
	"github.com/replssl/replssl/orchestrate/plan"
)

func (w *writer) persist(a plan.Persist) ([]command, error) {
	d, err := w.dialect(a.Server)
	if err != nil {
		return nil, err
	}
	set, err := d.Persist(a.Settings)
	return sql(a, err, set)
}

func (w *writer) unpersist(a plan.Unpersist) ([]command, error) {
	d, err := w.dialect(a.Server)
	if err != nil {
		return nil, err
	}
	statements, err := d.Forget(a.Former, a.Kept)
	return sql(a, err, statements...)
}
