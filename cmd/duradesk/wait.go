package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"go.temporal.io/sdk/client"

	"duradesk/dispatch"
	"duradesk/postgres"
)

// waitTemporal is how long a command waits for a Temporal that starts beside it: longer than a server takes on a slow
// machine, and not so long that somebody who named the wrong one sits before it.
const waitTemporal = 2 * time.Minute

// waitPostgres is how long a worker that starts waits for its database.
const waitPostgres = 30 * time.Second

// withPostgres asks the database, and again where it went away: it was there a moment ago, and a worker that gave up now would wait
// for somebody to start it again.
func withPostgres(ctx context.Context, ask func(context.Context) error) error {
	return dispatch.Patience{For: waitPostgres, Pause: 500 * time.Millisecond, Mends: postgres.Away, What: "Postgres"}.Do(ctx, ask)
}

// dial waits for Temporal: a worker has nothing to do without it.
func dial(ctx context.Context, options client.Options) (client.Client, error) {
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		attempt, cancel := context.WithTimeout(ctx, 10*time.Second)
		c, err := client.DialContext(attempt, options)
		cancel()
		if err == nil {
			return c, nil
		}
		options.Logger.Warn("Temporal is away; waiting for it", "address", options.HostPort)
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("Temporal at %s cannot be reached: %w", options.HostPort, err)
		case <-time.After(pause):
		}
	}
}

// untilReady bears with a Temporal that answers and is not ready yet, and tells so.
func untilReady(out io.Writer) dispatch.Patience {
	tell := nowAndThen(out)
	return dispatch.Patience{For: waitTemporal, Pause: time.Second, Tell: func(err error) { tell("Temporal is not ready yet (%s); waiting\n", oneLine(err)) }}
}

// reached is a Temporal that a command works with.
type reached struct {
	client.Client
	namespace string
	patience  dispatch.Patience // what may meet a server that is not ready yet is done with it
}

// temporal waits for Temporal, for two minutes at most, and sees that its namespace is fit for the desk.
func (d *desk) temporal(ctx context.Context, out io.Writer) (reached, error) {
	options, err := temporalOptions(d.log)
	if err != nil {
		return reached{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, waitTemporal)
	defer cancel()
	c, err := dial(bounded, options)
	if err != nil {
		return reached{}, err
	}
	r := reached{c, options.Namespace, untilReady(out)}
	err = r.patience.Do(ctx, func(ctx context.Context) error { return dispatch.Ensure(ctx, c, options.Namespace, d.Retention) })
	if err != nil {
		c.Close()
		return reached{}, err
	}
	return r, nil
}

// rebuild rings every open ticket and starts what is not finished; done is called with how many have been rung.
func (r reached) rebuild(ctx context.Context, d *desk, done func(int)) error {
	relay := &dispatch.Relay{Bell: &dispatch.Bell{Client: r.Client, ConsoleURL: d.BaseURL}, Record: d.queue, Log: d.log}
	return r.patience.Do(ctx, func(ctx context.Context) error { return relay.Rebuild(ctx, done) })
}
