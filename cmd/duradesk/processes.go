package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"duradesk/activities"
	"duradesk/api"
	"duradesk/api/catalog"
	"duradesk/dispatch"
	"duradesk/postgres"
	"duradesk/worker"
	"duradesk/workflows"
)

// apiCommand is the door for people and scripts.
type apiCommand struct {
	settings
	identitySettings
	Addr           string `name:"http" env:"DURADESK_HTTP_ADDR" default:"127.0.0.1:8080" help:"Address to listen on."`
	BootstrapToken string `env:"DURADESK_BOOTSTRAP_TOKEN" help:"An admin API token that exists from the first start, for scripts."`

	near *dispatch.Near `kong:"-"` // the worker of one process with it
}

// Run serves until it is interrupted. It starts and answers without Temporal (202) and without Postgres (503).
func (c *apiCommand) Run(ctx context.Context) error {
	d, err := c.open(ctx, "api", postgres.Lazily)
	if err != nil {
		return err
	}
	defer d.store.Close()
	listener, err := listen(ctx, c.Addr, "DURADESK_HTTP_ADDR")
	if err != nil {
		return err
	}
	return c.serve(ctx, d, listener)
}

func (c *apiCommand) serve(ctx context.Context, d *desk, listener net.Listener) error {
	temporal, options, err := temporalWhenThere(d.log)
	if err != nil {
		return err
	}
	defer temporal.Close()
	rings := &dispatch.Bell{Client: temporal, ConsoleURL: d.BaseURL, Near: c.near}
	g, ctx := errgroup.WithContext(ctx)
	door := d.door(rings, temporal)
	door.BootstrapToken, door.Namespace, door.Done = c.BootstrapToken, options.Namespace, ctx.Done()
	if err := c.identitySettings.apply(&door); err != nil {
		return err
	}
	handler := api.New(door)
	g.Go(func() error { d.store.Listen(ctx); return nil })
	g.Go(func() error { return serveHTTP(ctx, api.NewServer(c.Addr, handler), listener) })
	g.Go(func() error { giveBack(ctx); return nil })
	return g.Wait()
}

// door joins the API's ports to the record, to Temporal and to the mail servers.
func (d *desk) door(rings *dispatch.Bell, temporal client.Client) api.Options {
	return api.Options{
		Reader: reader{d.store}, Queue: commands{d.queue}, Feed: feed{d.store}, Tells: tells{d.store}, Channels: channels{d.store, d.queue}, Bulk: bulk{d.queue}, Bell: bell{rings},
		People: people{d.store}, House: house{d.store}, Mailroom: mailroom{d, rings}, Health: health{d.store, temporal}, Identity: identity{d.store}, Postman: postman{d},
		Drafts: drafts{d.store}, Uploads: uploads{d.store}, Letters: letters{d.store, d.queue}, SavedViews: savedViews{d.store}, Clients: clients{d.store},
		Habits: habits{d.store}, Reports: counts{d.store},
		MailKeys: d.keys, BaseURL: d.BaseURL, TemporalUIURL: d.TemporalUIURL, WebhookHosts: d.WebhookHosts, Log: d.log,
	}
}

// workerCommand is the clockwork: tickets, deliveries, mailboxes, and the relay.
type workerCommand struct {
	settings
	HealthAddr string `name:"health" env:"DURADESK_WORKER_HEALTH_ADDR" default:"127.0.0.1:8081" help:"Address of /healthz, /readyz and /metrics."`

	besideAPI bool          `kong:"-"` // of one process: what each process does once, the API does
	near      dispatch.Near `kong:"-"` // this worker, for whoever starts workflows in its process
}

// Run works until it is interrupted.
func (c *workerCommand) Run(ctx context.Context) error {
	d, err := c.open(ctx, "worker", waitPostgres)
	if err != nil {
		return err
	}
	defer d.store.Close()
	listener, err := listen(ctx, c.HealthAddr, "DURADESK_WORKER_HEALTH_ADDR")
	if err != nil {
		return err
	}
	return c.work(ctx, d, listener)
}

func (c *workerCommand) work(ctx context.Context, d *desk, listener net.Listener) error {
	if err := withPostgres(ctx, d.store.CheckSchema); err != nil {
		return err
	}
	if err := d.store.ProveKey(ctx, true); err != nil {
		d.log.Error("the secret key", "error", err) // mail goes on; what was sealed with the other key stays shut
	}
	options, err := temporalOptions(d.log)
	if err != nil {
		return err
	}
	figures := newFigures(d.store, d.log)
	if err := figures.sdk(&options); err != nil {
		return err
	}
	temporal, err := dial(ctx, options)
	if err != nil {
		return err
	}
	defer temporal.Close()
	err = untilReady(os.Stderr).Do(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		return dispatch.Ensure(ctx, temporal, options.Namespace, d.Retention)
	})
	if err != nil {
		return err
	}
	if d.Rehearse > 0 {
		if err := rehearse(ctx, temporal, options.Namespace, d.Rehearse, os.Stderr); err != nil {
			return fmt.Errorf("this worker does not start: %w", err)
		}
	}
	if d.Deployment == "" {
		c.near.Here(temporal)
	}
	bell := &dispatch.Bell{Client: temporal, ConsoleURL: d.BaseURL, Near: &c.near}
	relay := &dispatch.Relay{Bell: bell, Record: d.queue, Log: d.log, Swept: figures.swept.Inc, Crash: crashPoint}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return runWorkers(ctx, temporal, d.parts(bell), untilReady(os.Stderr)) })
	g.Go(func() error { relay.Run(ctx); return nil })
	if !c.besideAPI {
		g.Go(func() error { giveBack(ctx); return nil })
		g.Go(func() error { d.store.Listen(ctx); return nil }) // writes the feed also where no api process runs
	}
	g.Go(func() error {
		server := &http.Server{Handler: worker.Health(workerParts(d, temporal, options.Namespace), figures.page()), ReadHeaderTimeout: 5 * time.Second}
		return serveHTTP(ctx, server, listener)
	})
	return g.Wait()
}

// runWorkers works until ctx ends. Temporal was there a moment ago; where it went away since, so that a worker cannot start, both
// are made anew: the SDK remembers a start that failed.
func runWorkers(ctx context.Context, temporal client.Client, p worker.Parts, patience dispatch.Patience) error {
	return patience.Do(ctx, func(ctx context.Context) error { return worker.New(temporal, p).Run(ctx) })
}

// effectsAtOnce is how many starts of deliveries and bells for other tickets are on their way: on a busy desk Temporal takes a
// second for each. In a flood the relay has the rest, people's mails first.
const effectsAtOnce = 32

// parts joins the activities to their doors.
func (d *desk) parts(b *dispatch.Bell) worker.Parts {
	return worker.Parts{
		Desk:    &workflows.Desk{ConsoleURL: d.BaseURL},
		Tickets: &activities.Tickets{Desk: d.queue, Bell: b, Log: d.log, ContinueAfter: d.ContinueAfter, Aside: activities.NewAside(effectsAtOnce), Crash: crashPoint},
		Deliveries: &activities.Deliveries{
			Outbox: d.queue, Sender: d.loggedIn(), Poster: newPoster(d.settings), Signer: signer{}, Bell: b, Keys: d.keys, Log: d.log, Now: time.Now, Crash: crashPoint,
			Say: catalog.Shared().Say, ConsoleURL: d.BaseURL,
		},
		Notices:    &activities.Notices{Staff: d.queue, Bell: b, Log: d.log},
		Mailboxes:  &activities.Mailboxes{Intake: d.queue, Post: d.loggedIn(), Bell: b, Keys: d.keys, Log: d.log, Now: time.Now},
		Bulk:       &activities.Bulk{Jobs: d.queue, Bell: b, Log: d.log, Now: time.Now, Crash: crashPoint},
		Webhooks:   &activities.Webhooks{Hooks: d.queue, Poster: newPoster(d.settings), Log: d.log, Now: time.Now},
		AtOnce:     int(d.Connections) / 2,
		Warm:       warmTickets(memoryOf("/")),
		Deployment: worker.Deployment{Name: d.Deployment, Build: build()},
		Fatal:      func(err error) { d.log.Error("Temporal refuses the worker", "error", err) },
	}
}

func workerParts(d *desk, c client.Client, namespace string) func(context.Context) []worker.Part {
	return func(ctx context.Context) []worker.Part {
		parts := convert(partsOf(ctx, d.store, c, true), func(p part) worker.Part { return worker.Part(p) })
		return append(parts, worker.Pollers(ctx, c, namespace))
	}
}

// serveCommand runs both production processes in one.
type serveCommand struct {
	apiCommand
	HealthAddr string `name:"health" env:"DURADESK_WORKER_HEALTH_ADDR" default:"127.0.0.1:8081" help:"Address of the worker's /healthz, /readyz and /metrics."`
}

// Run serves and works until it is interrupted; where one half fails, both stop.
func (c *serveCommand) Run(ctx context.Context) error {
	c.notices = postgres.NewNotices()
	g, ctx := errgroup.WithContext(ctx)
	work := &workerCommand{settings: c.settings, HealthAddr: c.HealthAddr, besideAPI: true}
	c.near = &work.near
	g.Go(func() error { return c.apiCommand.Run(ctx) })
	g.Go(func() error { return work.Run(ctx) })
	return g.Wait()
}

func listen(ctx context.Context, addr, setting string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot listen on %s: %w", setting, addr, err)
	}
	return l, nil
}

// serveHTTP answers until ctx ends, then lets running requests finish.
func serveHTTP(ctx context.Context, s *http.Server, l net.Listener) error {
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := s.Shutdown(stop); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return s.Close()
	}
	return nil
}
