package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// defect is a mistake that is built into a binary of its own, by another text for a piece of a source (go build -overlay):
// nothing of it stands in the program.
type defect struct {
	name, file string
	old, new   string
	found      string // what the finding says
}

// The three mistakes that the whole design is made to exclude.
var defects = []defect{
	{
		name: "StoreAfterSignal", file: "cmd/duradesk/doors.go",
		old: `	r, repeated, err := c.q.Store(ctx, o)
	return r, repeated, away(err)`,
		new: `	if o.Number != 0 { // rung and answered first, stored a moment later
		go func() {
			<-time.After(300 * time.Millisecond)
			_, _, _ = c.q.Store(context.WithoutCancel(ctx), o)
		}()
		return ticket.Receipt{ID: o.ID, Number: o.Number, Kind: o.Kind, By: o.By.Key(), At: time.Now(), Outcome: ticket.Applied}, false, nil
	}
	r, repeated, err := c.q.Store(ctx, o)
	return r, repeated, away(err)`,
		found: `is nowhere|its receipt says`,
	},
	{
		name: "ReceiptWithoutItsEvent", file: "postgres/apply.go",
		old: `	a.writes.Queue(` + "`update commands set outcome = $3",
		new: `	_, _ = a.q.s.pool.Exec(context.Background(), ` + "`" + `update commands set outcome = $3, reason = nullif($4, ''), revision = $5, applied_at = $6, failure = nullif($7, '') where ticket = $1 and seq = $2` + "`" + `,
		a.row.number, c.Seq, o.String(), reason, a.p.Revision, a.row.now, failure)
	a.writes.Queue(` + "`update commands set outcome = $3",
		found: `a receipt without its event|revision`,
	},
	{
		name: "BlindResend", file: "postgres/deliveries.go",
		old:   `case d.phase == "data" && d.channel == "":`,
		new:   `case d.phase == "never" && d.channel == "":`,
		found: `went 2 times`,
	},
}

// A planted defect is found within five runs (make soak): what finds nothing would prove nothing.
func TestPlantedDefectsAreFound(t *testing.T) {
	if os.Getenv("DURADESK_SOAK") == "" {
		requireDefectsStillFit(t) // so that they are there when the soak comes
		return
	}
	for _, p := range defects {
		t.Run(p.name, func(t *testing.T) {
			bad := p.build(t)
			for seed := 1; seed <= 5; seed++ {
				said, failed := stormOn(t, bad, seed)
				if found := regexp.MustCompile(p.found).FindString(said); failed && found != "" {
					t.Logf("found with seed %d: %q", seed, found)
					return
				}
				t.Logf("seed %d does not find it:\n%s", seed, said)
			}
			require.Fail(t, "not found within five runs")
		})
	}
}

func requireDefectsStillFit(t *testing.T) {
	t.Helper()
	for _, p := range defects {
		p.spoiled(t)
	}
}

// spoiled is the source with the defect in it.
func (p defect) spoiled(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", p.file))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(source), p.old), "%s: %s stands once in %s", p.name, p.old, p.file)
	return strings.Replace(string(source), p.old, p.new, 1)
}

// build makes a binary that has the defect.
func (p defect) build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	spoiled, overlay, out := filepath.Join(dir, "spoiled.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "duradesk")
	require.NoError(t, os.WriteFile(spoiled, []byte(p.spoiled(t)), 0o600))
	at, err := filepath.Abs(filepath.Join("..", p.file))
	require.NoError(t, err)
	replaced, err := json.Marshal(object{"Replace": map[string]string{at: spoiled}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(overlay, replaced, 0o600))
	said, err := exec.Command("go", "build", "-overlay", overlay, "-o", out, "duradesk/cmd/duradesk").CombinedOutput()
	require.NoError(t, err, string(said))
	return out
}

// stormOn runs one storm on a binary, in a process of its own, for it is to fail.
func stormOn(t *testing.T, binary string, seed int) (said string, failed bool) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, "-test.v", "-test.run", "^TestKillEverything$")
	cmd.Env = append(os.Environ(), "DURADESK_E2E_BINARY="+binary, fmt.Sprintf("DURADESK_SEED=%d", seed), "DURADESK_SEEDS=1", "DURADESK_STORM=40s")
	out, err := cmd.CombinedOutput()
	return string(out), err != nil
}
