package event

import (
	"encoding/json"
	"fmt"
	"time"
)

// Format is the version of the encoding; a reader refuses a newer one.
const Format = 1

// Record is an event with its place in a run.
type Record struct {
	Seq   int
	At    time.Time
	Event Event
}

type envelope struct {
	Format int             `json:"v"`
	Seq    int             `json:"seq"`
	At     time.Time       `json:"at"`
	Kind   string          `json:"event"`
	Data   json.RawMessage `json:"data"`
}

// MarshalJSON renders the record as one object.
func (r Record) MarshalJSON() ([]byte, error) {
	data, err := json.Marshal(r.Event)
	if err != nil {
		return nil, err
	}
	return json.Marshal(envelope{Format: Format, Seq: r.Seq, At: r.At, Kind: r.Event.kind(), Data: data})
}

// UnmarshalJSON reads a record back. An event of an unknown kind, or of a newer format, is an error: a journal that is only half
// understood must not be acted on.
func (r *Record) UnmarshalJSON(text []byte) error {
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return err
	}
	if e.Format > Format {
		return fmt.Errorf("format %d is newer than this version of replssl reads (%d)", e.Format, Format)
	}
	decoded, err := decode(e.Kind, e.Data)
	if err != nil {
		return err
	}
	*r = Record{Seq: e.Seq, At: e.At, Event: decoded}
	return nil
}

func decode(kind string, data []byte) (Event, error) {
	for _, read := range []func(string, []byte) (Event, bool, error){
		as[RunBegan], as[StepBegan], as[StepHeld], as[ThreadsFound], as[ActionIntended], as[ActionDone], as[ActionFailed], as[Statement],
		as[RequirementFound], as[PathsFound], as[RequirementDated], as[RequirementLifted], as[RequirementRestored], as[SetRead], as[CommandLeft], as[StepDone], as[StepFailed], as[StepSkipped], as[Stopping], as[RunEnded],
	} {
		if e, ok, err := read(kind, data); ok {
			return e, err
		}
	}
	return nil, fmt.Errorf("the event %q is not known to this version of replssl", kind)
}

func as[E Event](kind string, data []byte) (Event, bool, error) {
	var e E
	if e.kind() != kind {
		return nil, false, nil
	}
	err := json.Unmarshal(data, &e)
	return e, true, err
}
