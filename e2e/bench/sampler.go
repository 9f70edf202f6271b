package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

// lookEvery is how often the threads of each sampled replica are looked at.
const lookEvery = 2 * time.Millisecond

// sampler looks at one server again and again until it is stopped.
type sampler struct {
	db    *sql.DB
	began time.Time
	stop  context.CancelFunc
	done  chan struct{}

	// To be read when done is closed.
	receiver, applier []reading // of a replica
	serves            []reading // of the primary
	err               error
}

// watchThreads samples the threads of a replica.
func watchThreads(ctx context.Context, l *lab.Lab, replica string, began time.Time) (*sampler, error) {
	return startSampler(ctx, l, replica, began, (*sampler).lookAtThreads)
}

// watchService samples whether the primary answers.
func watchService(ctx context.Context, l *lab.Lab, began time.Time) (*sampler, error) {
	return startSampler(ctx, l, l.Primary().Name, began, (*sampler).lookAtService)
}

func startSampler(ctx context.Context, l *lab.Lab, server string, began time.Time, look func(*sampler, context.Context) error) (*sampler, error) {
	db, err := l.DB(server)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	ctx, cancel := context.WithCancel(ctx)
	s := &sampler{db: db, began: began, stop: cancel, done: make(chan struct{})}
	go s.run(ctx, look)
	return s, nil
}

// end stops the sampler and tells what went wrong with it.
func (s *sampler) end() error {
	s.stop()
	<-s.done
	return errors.Join(s.err, s.db.Close())
}

func (s *sampler) run(ctx context.Context, look func(*sampler, context.Context) error) {
	defer close(s.done)
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		// A look that has begun is brought to its end: one that is cut short tells nothing.
		if s.err = look(s, context.WithoutCancel(ctx)); s.err != nil {
			return
		}
	}
}

func (s *sampler) now() time.Duration { return time.Since(s.began) }

func (s *sampler) lookAtService(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	r := reading{begin: s.now()}
	_, err := s.db.ExecContext(ctx, "DO 1")
	r.end, r.runs = s.now(), err == nil
	s.serves = append(s.serves, r)
	return nil
}

// threadsQuery tells the states of the threads, and then who they are. The same list as a SELECT would cost the server ten times as much.
const threadsQuery = "SHOW SLAVE STATUS; SHOW PROCESSLIST"

func (s *sampler) lookAtThreads(ctx context.Context) (err error) {
	begin := s.now()
	rows, err := s.db.QueryContext(ctx, threadsQuery)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	states, err := readStates(rows)
	if err != nil {
		return err
	}
	if !rows.NextResultSet() {
		return errors.Join(errors.New("no list of processes"), rows.Err())
	}
	ids, err := readIDs(rows)
	if err != nil {
		return err
	}
	r := reading{begin: begin, end: s.now()}
	s.receiver = append(s.receiver, r.of(states["Slave_IO_Running"], ids["Slave_IO"]))
	s.applier = append(s.applier, r.of(states["Slave_SQL_Running"], ids["Slave_SQL"]))
	return nil
}

// of fills in what was seen. A receiver that is only connecting does not receive, and a thread that is in no list is gone, or about to come.
func (r reading) of(state, id string) reading {
	r.runs, r.id = state == "Yes" && id != "", id
	return r
}

func readStates(rows *sql.Rows) (states map[string]string, err error) {
	err = eachRow(rows, []string{"Slave_IO_Running", "Slave_SQL_Running"}, func(values []string) {
		states = map[string]string{"Slave_IO_Running": values[0], "Slave_SQL_Running": values[1]}
	})
	if err == nil && states == nil {
		err = errors.New("it does not replicate")
	}
	return states, err
}

func readIDs(rows *sql.Rows) (map[string]string, error) {
	ids := map[string]string{}
	err := eachRow(rows, []string{"Command", "Id"}, func(values []string) { ids[values[0]] = values[1] })
	return ids, err
}

// eachRow gives the values of some columns of each row.
func eachRow(rows *sql.Rows, names []string, take func([]string)) error {
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, into := make([]string, len(names)), make([]any, len(columns))
	for i := range into {
		into[i] = &sql.RawBytes{}
	}
	for i, name := range names {
		at := slices.Index(columns, name)
		if at < 0 {
			return fmt.Errorf("the answer has no column %s", name)
		}
		into[at] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		take(values)
	}
	return rows.Err()
}
