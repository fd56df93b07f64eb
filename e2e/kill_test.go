package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"duradesk/e2e/wire"
)

// While clients write and agents and a lead work, each part of the desk is killed, stopped and restarted, and each wire
// between two is slowed, cut and made to fall silent, in an order that a seed gives again. Then everything is mended, and
// all that is written down anywhere is held against everything else: nothing accepted is lost, nothing is done twice.
//
// DURADESK_SEED runs one seed again, DURADESK_SEEDS=20 so many one after the other (make chaos), DURADESK_STORM=60s is how
// long each is.
func TestKillEverything(t *testing.T) {
	t.Parallel()
	first, seeds, storm := stormsAsked(t)
	for i := range seeds {
		seed := first + uint64(i)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Logf("this run again: DURADESK_SEED=%d DURADESK_STORM=%v go test -v -run TestKillEverything ./e2e", seed, storm)
			c := newChaos(t, seed)
			c.opens()
			c.rage(storm)
			c.settles()
			c.truth()
			c.reports()
		})
	}
}

// stormsAsked are the first seed, how many there are, and how long each storm is.
func stormsAsked(t *testing.T) (first uint64, seeds int, storm time.Duration) {
	t.Helper()
	var err error
	first, seeds, storm = uint64(time.Now().UnixNano()), 1, 12*time.Second
	if given := os.Getenv("DURADESK_SEED"); given != "" {
		first, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err)
	}
	if given := os.Getenv("DURADESK_SEEDS"); given != "" {
		seeds, err = strconv.Atoi(given)
		require.NoError(t, err)
	}
	if given := os.Getenv("DURADESK_STORM"); given != "" {
		storm, err = time.ParseDuration(given)
		require.NoError(t, err)
	}
	return first, seeds, storm
}

// chaos is a desk of which every part and every wire is in the test's hands, with the people who work with it.
type chaos struct {
	*desk
	seed        uint64
	disks       string // where Postgres and Temporal keep what they have
	limbs       map[string]*limb
	wires       map[string]*wire.Wire
	people      []*person
	clients     []*person
	atThePortal *person
	further     []func() // what only some runs do
	busy        sync.WaitGroup
	hub         int64 // the ticket that others are merged into; nobody does anything else with it
	pool        *pgxpool.Pool
	began       time.Time
	over        <-chan struct{} // closed when nobody begins anything any more
	behind      atomic.Bool     // more waits to be done than is good

	mu       sync.Mutex
	story    strings.Builder
	happened map[string]int // faults, by what they were
	numbers  []int64
	orders   []*order
	letters  []*sent
	found    map[string][]string // what is wrong, by kind
}

func newChaos(t *testing.T, seed uint64) *chaos {
	t.Helper()
	return newChaosWith(t, seed)
}

// newChaosWith starts a desk whose processes get these settings too.
func newChaosWith(t *testing.T, seed uint64, env ...string) *chaos {
	t.Helper()
	_, err := binary()
	require.NoError(t, err)
	c := &chaos{seed: seed, wires: map[string]*wire.Wire{}, happened: map[string]int{}, found: map[string][]string{}, began: time.Now()}
	c.ground(t, env)
	for _, hired := range []struct {
		key, role string
		hands     int
	}{{"sato", "agent", 5}, {"mori", "agent", 4}, {"kato", "lead", 3}} {
		by := c.hire(hired.key, hired.role)
		for i := range hired.hands {
			c.people = append(c.people, c.person(hired.key, by, i))
		}
	}
	for i := range stormClients {
		c.clients = append(c.clients, c.person(stormClient(i), nil, 0))
	}
	return c
}

// person draws what he does from the seed and his name.
func (c *chaos) person(name string, by *caller, hand int) *person {
	key := uint64(hand)
	for _, b := range []byte(name) {
		key = key*131 + uint64(b)
	}
	return &person{chaos: c, name: fmt.Sprintf("%s-%d", name, hand), by: by, r: rand.New(rand.NewPCG(c.seed, key))}
}

// rage lets everybody work, and the faults happen, for a while; then all is mended, and everybody ends what he began.
func (c *chaos) rage(storm time.Duration) {
	over, cancel := context.WithTimeout(c.t.Context(), storm)
	defer cancel()
	c.everybodyWorks(over)
	draw := func(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(c.seed, stream)) }
	var hands sync.WaitGroup
	hands.Go(func() { c.hand(plan(draw(1), parts, onParts), c.befallPart) })
	hands.Go(func() { c.hand(plan(draw(2), wires, onWires), c.befallWire) })
	hands.Wait()
	c.heal()
	c.told("all is mended")
	for _, l := range c.limbs {
		c.standing(l)
	}
	c.busy.Wait()
	c.told("everybody has his answers")
}

// everybodyWorks until it is over; who has begun something by then ends it.
func (c *chaos) everybodyWorks(over context.Context) {
	c.over = over.Done()
	for _, p := range c.people {
		c.busy.Go(p.works)
	}
	for _, p := range c.clients {
		c.busy.Go(p.writes)
	}
	c.busy.Go(c.atThePortal.saysWhatHeThinks)
	for _, goes := range c.further {
		c.busy.Go(goes)
	}
}

// everybodyUntil lets everybody work until something has happened, and tells whether it did.
func (c *chaos) everybodyUntil(happened <-chan struct{}) bool {
	over, cancel := context.WithTimeout(c.t.Context(), 4*patience) // some ways are gone seldom, and a busy machine is slow
	defer cancel()
	c.everybodyWorks(over)
	c.busy.Go(func() { c.noMoreThan(50) })
	select {
	case <-happened:
		return true
	case <-over.Done():
		return false
	}
}

// settles waits until nothing is left to do.
func (c *chaos) settles() {
	c.t.Helper()
	defer func() {
		if c.t.Failed() {
			c.t.Logf("what happened:\n%s", c.storyTold())
		}
	}()
	start := time.Now()
	c.awaitAPI()
	c.settle(c.pool, 2*patience)
	c.told("all is done, %v after the last answer", time.Since(start).Round(time.Millisecond))
}

// finds notes something that is wrong.
func (c *chaos) finds(kind, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found[kind] = append(c.found[kind], fmt.Sprintf(format, args...))
}

// reports tells what was done and what was found, and fails the test if anything was.
func (c *chaos) reports() {
	c.t.Helper()
	c.t.Logf("seed %d: faults %v; %d commands, %d mails in; lost %d, doubled %d, disagreements %d, left over %d; %v in all",
		c.seed, c.happened, len(c.orders), len(c.letters), len(c.found[lost]), len(c.found[doubled]), len(c.found[disagrees]), len(c.found[leftOver]), time.Since(c.began).Round(time.Second))
	for kind, all := range c.found {
		c.t.Errorf("%s:\n%s", kind, strings.Join(all, "\n"))
	}
	if c.t.Failed() {
		c.t.Logf("what happened:\n%s", c.storyTold())
	}
}

// The kinds of what can be wrong.
const (
	lost      = "lost"
	doubled   = "doubled"
	disagrees = "disagrees"
	leftOver  = "left over"
	ended     = "ended by itself"
)
