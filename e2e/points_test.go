package e2e

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// elsewhereTried are the points that are passed in ways which other tests go.
var elsewhereTried = map[string]string{
	"after_told":       "TestADeskSeenFromOutside",
	"after_bulk_batch": "workflows/replay",
}

// Where a process dies, in which step of a ticket's way, and within what time it heals.
var crashesOfCommands = []crash{
	{point: "before_store_commit", nth: 4, during: resolved, heals: 5 * time.Second, api: true},
	{point: "after_store", nth: 4, during: resolved, heals: 5 * time.Second, api: true},
	{point: "after_relay_look", nth: 4, during: resolved, heals: 10 * time.Second, unheard: true},
	{point: "before_apply_commit", nth: 1, during: opens, heals: 15 * time.Second, byMail: true},
	{point: "before_apply_commit", nth: 4, during: resolved, heals: 15 * time.Second},
	{point: "after_apply_commit", nth: 1, during: opens, heals: 15 * time.Second},
	{point: "after_apply_commit", nth: 4, during: resolved, heals: 15 * time.Second},
	{point: "before_start_effects", nth: 2, during: resolved, heals: 15 * time.Second},
	{point: "after_start_effects", nth: 2, during: resolved, heals: 15 * time.Second},
}

var crashesOfDeliveries = []crash{
	{point: "after_begin", nth: 2, during: resolved, heals: 15 * time.Second},
	{point: "after_freeze", nth: 2, during: resolved, heals: 15 * time.Second},
	{point: "before_data", nth: 2, during: resolved, heals: 15 * time.Second, unsure: true},
	{point: "after_dot", nth: 2, during: resolved, heals: 15 * time.Second, unsure: true, sent: 1},
	{point: "after_finish", nth: 2, during: resolved, heals: 15 * time.Second},
	{point: "after_mail_notices", nth: 1, during: noted, heals: 15 * time.Second},
}

var crashesOfAMailbox = []crash{
	{point: "after_receive", nth: 2, during: replied, heals: 15 * time.Second, byMail: true},
	{point: "before_settle_commit", nth: 2, during: replied, heals: 15 * time.Second, byMail: true},
	{point: "after_settle", nth: 2, during: replied, heals: 15 * time.Second, byMail: true},
	{point: "after_server_mark", nth: 2, during: replied, heals: 15 * time.Second, byMail: true},
	{point: "after_mark", nth: 2, during: replied, heals: 15 * time.Second, byMail: true},
}

// passing is the code of a point: a call of the hook with its name.
var passing = regexp.MustCompile(`(?i)\bcrash\("([a-z_]+)"\)`)

// pointsInTheCode are the named points at which a process can be made to die, read from the sources.
func pointsInTheCode(t *testing.T) []string {
	t.Helper()
	points := map[string]bool{}
	for _, dir := range []string{"activities", "cmd", "dispatch", "mail", "postgres", "worker", "workflows", "api", "objects"} {
		require.NoError(t, filepath.WalkDir(filepath.Join("..", dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, m := range passing.FindAllSubmatch(source, -1) {
				points[string(m[1])] = true
			}
			return err
		}))
	}
	require.NotEmpty(t, points)
	return slices.Sorted(maps.Keys(points))
}

// A new point cannot be forgotten: each that the code has is tried, and none is tried that the code has not. With
// DURADESK_SOAK=1 each is tried twice more, on one desk on which everybody works.
func TestEveryCrashPointIsTried(t *testing.T) {
	t.Parallel()
	tried := maps.Clone(elsewhereTried)
	for _, table := range [][]crash{crashesOfCommands, crashesOfDeliveries, crashesOfAMailbox} {
		for _, c := range table {
			tried[c.point] = "here"
		}
	}
	require.Equal(t, pointsInTheCode(t), slices.Sorted(maps.Keys(tried)))
	if os.Getenv("DURADESK_SOAK") != "" {
		everyCrashPointTwice(t)
	}
}

// everyCrashPointTwice on a warm desk: the process that passes there dies the
// first time, and another one the third time it passes. Nothing is lost and nothing is done twice.
func everyCrashPointTwice(t *testing.T) {
	t.Helper()
	p := startPeer(t)
	c := newChaosWith(t, 1, "DURADESK_WEBHOOK_HOSTS="+p.server.Listener.Addr().String())
	c.opens()
	c.opensFurtherWays(p)
	points := pointsInTheCode(t)
	for _, point := range points {
		for nth := range 2 {
			c.diesAt(point, 1+2*nth)
		}
	}
	t.Logf("%d points, each twice", len(points))
	c.settles()
	c.truth()
	c.reports()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Empty(t, p.wrong)
}

// diesAt lets everybody work until a process has died at a point, and starts it again.
func (c *chaos) diesAt(point string, nth int) {
	c.t.Helper()
	part := partWorker
	if strings.HasSuffix(point, "_store") || point == "before_store_commit" {
		part = partAPI
	}
	if point == "after_relay_look" { // what the API rings for is not left to the relay
		c.limbs[partAPI].end()
		require.NoError(c.t, c.limbs[partAPI].start("TEMPORAL_ADDRESS=127.0.0.1:1"))
	}
	l := c.limbs[part]
	l.end()
	require.NoError(c.t, l.start(fmt.Sprintf("DURADESK_CRASH_AT=%s:%d", point, nth), "DURADESK_CRASH_ONCE="+filepath.Join(c.t.TempDir(), fmt.Sprint(point, nth))))
	died := c.everybodyUntil(l.current().Done())
	require.True(c.t, died, "%s:%d was not passed", point, nth)
	require.NoError(c.t, l.start())
	c.told("%s died at %s:%d", part, point, nth)
	c.t.Logf("%v: %s died at %s:%d", time.Since(c.began).Round(time.Second), part, point, nth)
	c.happened[point]++
	if point == "after_relay_look" {
		c.limbs[partAPI].end()
		require.NoError(c.t, c.limbs[partAPI].start())
	}
	c.busy.Wait()
}
