package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"duradesk/ticket"
)

// The business day that is played: from midnight to midnight, many times as fast as it was, with the desk's targets
// shortened likewise.
const (
	dayTickets = 5000
	dayMails   = 12000
	dayAgents  = 200
)

// How the day goes, by its hours: what of the tickets comes (shares), and how many in a hundred of the agents work.
var (
	arrivals = [24]int{1, 1, 1, 1, 1, 1, 2, 3, 6, 10, 11, 10, 6, 9, 10, 9, 8, 7, 4, 3, 2, 2, 1, 1}
	onDuty   = [24]int{10, 10, 10, 10, 10, 10, 10, 15, 60, 100, 100, 100, 70, 100, 100, 100, 100, 90, 40, 25, 20, 15, 10, 10}
)

// day is a desk in the middle of its day.
type day struct {
	desk  *desk
	part  float64
	speed time.Duration // how many times as fast
	began time.Time
	say   func(format string, args ...any)
	work  chan job // where a client waits for an answer, the oldest first
	dice  *dice
	spent func() spent

	mu      sync.Mutex
	stories map[string]*story // by title
	sent    int               // mails
	lost    int               // replies of clients that would have come after midnight
	hours   [24]hour
}

// hour is what was seen from outside in one hour of the day.
type hour struct {
	opened, mails, actions int
	took                   []float64          // of agents' actions, in ms
	shown                  []float64          // from a mail's hand-over until its ticket is in the event log, in s
	waiting                int                // clients who waited at its end
	busy                   map[string]float64 // processors, by what part kept them busy
}

// story is what one client wants.
type story struct {
	title, email, name string
	channel            string
	japanese           bool
	replies            int // letters that he will still write
	handed             time.Time
}

// job is a ticket whose client waits.
type job struct {
	number int64
	title  string
}

// dice is a source of chance that many may ask.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (d *dice) float() float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.Float64()
}

// about gives a duration of the day around a median: half to double of it.
func (d *dice) about(median time.Duration) time.Duration {
	f := d.float()*1.5 + 0.5
	return time.Duration(float64(median) * f)
}

// day plays the day and writes what came of it.
func (b *bench) day(ctx context.Context, out io.Writer) error {
	if err := b.ensure(ctx); err != nil {
		return err
	}
	d := &day{
		desk: b.desk, part: b.Part, speed: time.Duration(b.Speed), say: b.say, work: make(chan job, dayMails), stories: map[string]*story{},
		dice: &dice{r: rand.New(rand.NewPCG(1, uint64(dayTickets)))}, spent: b.spending, //nolint:gosec // a day that can be played again, no secret
	}
	if err := d.shorten(ctx); err != nil {
		return err
	}
	tokens, err := d.hire(ctx)
	if err != nil {
		return err
	}
	d.began = time.Now()
	group, ctx := errgroup.WithContext(ctx)
	over, stop := context.WithDeadline(ctx, d.began.Add(d.length()))
	defer stop()
	group.Go(func() error { return d.read(over) })
	group.Go(func() error { return d.arrive(over) })
	group.Go(func() error { return d.watch(over) })
	for i, token := range tokens {
		group.Go(func() error { return d.agent(over, i, token) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return d.finish(context.WithoutCancel(ctx), b.Write, out)
}

// shorten makes the desk's targets as much shorter as the day is, round the clock: a working day is no shorter here.
func (d *day) shorten(ctx context.Context) error {
	var written []byte
	var version int
	err := d.desk.pool.QueryRow(ctx, `select p.version, p.settings from policies p join desks d on d.key = p.desk and d.policy = p.version where d.key = 'support'`).Scan(&version, &written)
	if err != nil {
		return fmt.Errorf("read the desk's policy: %w", err)
	}
	var s ticket.Settings
	if err := json.Unmarshal(written, &s); err != nil {
		return fmt.Errorf("understand the desk's policy: %w", err)
	}
	s.Version, s.Calendar = version+1, ""
	for _, t := range []*ticket.Targets{&s.FirstResponse, &s.NextResponse, &s.Resolution} {
		*t = ticket.Targets{Low: t.Low / d.speed, Normal: t.Normal / d.speed, High: t.High / d.speed, Urgent: t.Urgent / d.speed}
	}
	s.AutoClose, s.ReopenWithin = s.AutoClose/d.speed, s.ReopenWithin/d.speed
	_, err = d.desk.pool.Exec(ctx, `with p as (insert into policies (desk, version, settings) values ('support', $1, $2) returning version)
		update desks set policy = p.version from p where key = 'support'`, s.Version, s)
	if err != nil {
		return fmt.Errorf("shorten the desk's policy: %w", err)
	}
	return nil
}

// hire makes the agents, and gives a token of each.
func (d *day) hire(ctx context.Context) ([]string, error) {
	d.say("hiring %d agents", dayAgents)
	tokens := make([]string, dayAgents)
	err := each(ctx, dayAgents, 8, func(ctx context.Context, i int) error {
		key := fmt.Sprintf("agent%03d", i)
		err := d.desk.call(ctx, "POST", "/agents", object{
			"key": key, "name": fmt.Sprintf("Agent %d", i), "email": key + "@desk.example", "role": "agent", "language": []string{"ja", "en"}[i%2],
			"groups": []string{"support"}, "desks": []string{"support"},
		}, nil)
		if err != nil {
			return err
		}
		var made struct{ Token string }
		err = d.desk.call(ctx, "POST", "/tokens", object{"agent": key, "scopes": []string{"tickets:read", "tickets:act"}}, &made)
		tokens[i] = made.Token
		return err
	})
	return tokens, err
}

// length is the real length of the day.
func (d *day) length() time.Duration { return 24 * time.Hour / d.speed }

// now is the hour of the day.
func (d *day) now() int { return d.hourOf(time.Now()) }

func (d *day) hourOf(at time.Time) int {
	return min(23, max(0, int(at.Sub(d.began)*d.speed/time.Hour)))
}

// watch tells each hour as it ends.
func (d *day) watch(ctx context.Context) error {
	tick := time.NewTicker(time.Hour / d.speed)
	defer tick.Stop()
	last, at := d.spent(), time.Now()
	for h := 0; ; h++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		h = min(h, 23)
		spent, busy := d.spent(), map[string]float64{}
		for part, used := range spent {
			busy[part] = (used - last[part]).Seconds() / time.Since(at).Seconds()
		}
		last, at = spent, time.Now()
		d.mu.Lock()
		d.hours[h].waiting, d.hours[h].busy = len(d.work), busy
		now := d.hours[h]
		d.mu.Unlock()
		d.say("%02d:00  %4d tickets, %4d mails, %4d actions; %d clients wait; processors: Temporal %.2f, Postgres %.2f, serve %.2f, players %.2f",
			h, now.opened, now.mails, now.actions, now.waiting, busy["Temporal"], busy["Postgres"], busy["serve"], busy["bench"])
		if ctx.Err() != nil {
			return nil
		}
	}
}
