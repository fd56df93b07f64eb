// Package duradesk_test holds the whole house to its plan (ARCHITECTURE.md): what each package brings with it, however
// far down. The linter looks at a package's own imports; here are those of its imports too.
//
// Tests of what a package does do not belong here.
package duradesk_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A room is a package, or with a trailing /... a package and all below it.
type room struct {
	name string
	// ours is what it may bring with it of this module, itself apart; nil: everything.
	ours []string
	// never is what it must not bring with it from outside: a path, or a prefix of one that ends in a slash.
	never []string
	// untouched is what no package of ours that it brings with it may import by itself.
	untouched []string
}

var (
	ground = []string{"duradesk/ticket", "duradesk/find", "duradesk/calendar", "duradesk/calendar/zones", "duradesk/lifecycle", "duradesk/mail", "duradesk/webhook"}

	// world is the outside and everything that leads there.
	world = []string{
		"net", "net/http", "os/exec", "database/sql", "log/slog", "context", "math/rand", "math/rand/v2", "crypto/rand",
		"github.com/", "go.temporal.io/", "golang.org/x/", "google.golang.org/",
	}
	pgx      = []string{"github.com/jackc/"}
	temporal = []string{"go.temporal.io/"}
	gin      = []string{"github.com/gin-gonic/"}
	mailbox  = []string{"github.com/emersion/"}
	network  = []string{"net", "net/http", "os", "os/exec", "database/sql", "github.com/jackc/", "github.com/emersion/", "github.com/gin-gonic/"}
)

// plan lists every room. A package that is not on it fails the test: say first on which floor it stands.
var plan = []room{
	{name: "duradesk/ticket", ours: []string{}, never: world},
	{name: "duradesk/calendar/zones", ours: []string{}, never: world},
	{name: "duradesk/calendar", ours: []string{"duradesk/ticket", "duradesk/calendar/zones"}, never: world},
	// Reading iCalendar files takes libraries that the ground floor must not carry.
	{name: "duradesk/calendar/ics", ours: []string{"duradesk/calendar", "duradesk/calendar/zones", "duradesk/ticket"}, never: join(pgx, temporal, gin, mailbox)},
	// Folding text and cutting English words take tables that libraries have.
	{name: "duradesk/find", ours: []string{"duradesk/ticket"}, never: join([]string{"net", "net/http", "os/exec", "log/slog", "context"}, pgx, temporal, gin, mailbox)},
	{name: "duradesk/lifecycle", ours: []string{"duradesk/ticket", "duradesk/calendar", "duradesk/calendar/zones"}, never: world},
	// MIME libraries bring net with them (net/mail does); mail itself must not touch it.
	{name: "duradesk/mail", ours: []string{"duradesk/ticket"}, never: join(pgx, temporal, gin, mailbox), untouched: network},

	// Making a secret takes randomness.
	{name: "duradesk/webhook", ours: []string{}, never: join(pgx, temporal, gin, mailbox), untouched: network},
	{name: "duradesk/activities", ours: ground, never: join(pgx, gin, mailbox), untouched: network},
	{name: "duradesk/workflows", ours: join(ground, []string{"duradesk/activities"}), never: join(pgx, gin, mailbox), untouched: network},

	{name: "duradesk/dispatch", ours: []string{"duradesk/ticket"}, never: join(pgx, gin, mailbox)},
	// Tests of dispatch, workflows and the whole start a server of their own.
	{name: "duradesk/dispatch/temporaltest", ours: []string{"duradesk/postgres/cluster/"}, never: join(pgx, gin, mailbox)},
	{name: "duradesk/postgres", ours: ground, never: join(temporal, gin, mailbox)},
	// Many tickets, for tests and benchmarks.
	{name: "duradesk/postgres/crowd", ours: join(ground, []string{"duradesk/postgres"}), never: join(temporal, gin, mailbox)},
	{name: "duradesk/postgres/cluster/...", ours: []string{}, never: join(temporal, gin, mailbox)},
	{name: "duradesk/mail/receive", ours: []string{"duradesk/mail", "duradesk/ticket"}, never: join(pgx, temporal, gin)},
	// Making a key takes randomness; the library of signatures brings a resolver that is not asked.
	{name: "duradesk/mail/sign", ours: []string{}, never: join(pgx, temporal, gin)},
	{name: "duradesk/mail/oauth", ours: []string{}, never: join(pgx, temporal, gin, mailbox)},
	{name: "duradesk/mail/send", ours: []string{"duradesk/mail", "duradesk/ticket"}, never: join(pgx, temporal, gin)},
	{name: "duradesk/mail/world", ours: []string{}, never: join(pgx, temporal, gin)},
	{name: "duradesk/objects", ours: []string{}, never: join(pgx, temporal, gin, mailbox)},
	{name: "duradesk/webhook/post", ours: []string{"duradesk/webhook"}, never: join(pgx, temporal, gin)},
	{name: "duradesk/api", ours: join(ground, []string{"duradesk/calendar/ics", "duradesk/api/"}), never: join(pgx, temporal, mailbox), untouched: []string{"database/sql"}},
	{name: "duradesk/api/client", ours: []string{}, never: join(pgx, temporal, mailbox, gin)},
	{name: "duradesk/api/...", ours: join(ground, []string{"duradesk/api/"}), never: join(pgx, temporal, mailbox)},
	{name: "duradesk/worker", ours: join(ground, []string{"duradesk/activities", "duradesk/workflows"}), never: join(pgx, gin, mailbox)},

	{name: "duradesk/cmd/duradesk/supervise", ours: []string{"duradesk/postgres/cluster/"}, never: join(pgx, temporal, gin, mailbox)},
	// The roof sees everything, but the Temporal server stays in its own module.
	{name: "duradesk/cmd/...", never: []string{"go.temporal.io/server/"}},
	// Tests of the whole.
	// It judges the rules, and so must not know them.
	{name: "duradesk/e2e/model", ours: []string{}, never: world},
	{name: "duradesk/e2e/..."},
	{name: "duradesk/workflows/replay"},
	{name: "duradesk/deploy"},
	{name: "duradesk"},
}

func TestEveryPackageStaysOnItsFloor(t *testing.T) {
	t.Parallel()
	house := imports(t)
	found := 0
	for _, path := range slices.Sorted(maps.Keys(house)) {
		if !mine(path) {
			continue
		}
		found++
		r, ok := roomOf(path)
		if !ok {
			t.Errorf("%s is not on the plan of the house (house_test.go): say on which floor it stands", path)
			continue
		}
		house.walk(path, func(way []string) (further bool) {
			complaint := r.complaint(way)
			if complaint != "" {
				t.Errorf("%s %s: %s", path, complaint, strings.Join(way, " → "))
			}
			return complaint == ""
		})
	}
	require.Greater(t, found, 10, "go list has found too little to judge")
}

// complaint says what is wrong with the last step of a way that begins in this room; "" if nothing.
func (r room) complaint(way []string) string {
	from, brought := way[0], way[len(way)-1]
	importer := way[max(0, len(way)-2)]
	switch {
	case mine(brought) && brought != from && r.ours != nil && !r.holds(brought) && !match(r.ours, brought):
		return "must not know " + brought
	case !mine(brought) && match(r.never, brought):
		return "must not bring " + brought + " with it"
	case !mine(brought) && mine(importer) && match(r.untouched, brought):
		return "must not touch " + brought
	}
	return ""
}

// roomOf gives the first room of the plan that holds the package.
func roomOf(path string) (room, bool) {
	i := slices.IndexFunc(plan, func(r room) bool { return r.holds(path) })
	if i < 0 {
		return room{}, false
	}
	return plan[i], true
}

func (r room) holds(path string) bool {
	top, deep := strings.CutSuffix(r.name, "/...")
	return path == top || deep && strings.HasPrefix(path, top+"/")
}

func mine(path string) bool { return path == "duradesk" || strings.HasPrefix(path, "duradesk/") }

func match(list []string, path string) bool {
	return slices.ContainsFunc(list, func(p string) bool {
		return p == path || strings.HasSuffix(p, "/") && strings.HasPrefix(path, p)
	})
}

func join(lists ...[]string) []string { return slices.Concat(lists...) }

// graph is who imports what.
type graph map[string][]string

// imports asks the go command for every package of the module and all that they bring with them, tests left out.
func imports(t *testing.T) graph {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Imports", "./...")
	var said strings.Builder
	list.Stderr = &said
	out, err := list.Output()
	require.NoError(t, err, said.String())
	house := graph{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return house
		}
		require.NoError(t, err)
		house[p.ImportPath] = p.Imports
	}
}

// walk visits all that a package brings with it, nearest first, each by a shortest way; it goes no further where visit
// says so.
func (g graph) walk(from string, visit func(way []string) (further bool)) {
	seen := map[string]bool{from: true}
	for queue := [][]string{{from}}; len(queue) > 0; queue = queue[1:] {
		way := queue[0]
		if !visit(way) {
			continue
		}
		for _, next := range g[way[len(way)-1]] {
			if !seen[next] {
				seen[next] = true
				queue = append(queue, append(slices.Clone(way), next))
			}
		}
	}
}
