//go:build soak && linux

package e2e

import (
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/e2e/wire"
)

// Disks that are full and a directory that can only be read (make soak, as root, for disks are mounted): what cannot be
// kept is refused in words, what was accepted is there when there is room again, and all goes on by itself.
func TestDisks(t *testing.T) {
	dir := t.TempDir()
	for _, disk := range []string{"postgres", "temporal"} {
		mountDisk(t, filepath.Join(dir, disk), "160m")
	}
	c := &chaos{wires: map[string]*wire.Wire{}, happened: map[string]int{}, found: map[string][]string{}, began: time.Now(), disks: dir}
	c.ground(t, nil)
	_ = t.Run("OfPostgres", func(t *testing.T) { c.in(t).postgresIsFull() }) &&
		t.Run("OfPostgresByALimit", func(t *testing.T) { c.in(t).filesMayNotGrow() }) &&
		t.Run("OfTemporal", func(t *testing.T) { c.in(t).temporalIsFull() }) &&
		t.Run("OfTheMailServer", func(t *testing.T) { c.in(t).mailCanOnlyBeRead() })
	c.in(t)
	c.settle(c.pool, 2*patience)
	c.truth()
	c.reports()
}

func (c *chaos) in(t *testing.T) *chaos {
	c.desk = c.desk.in(t)
	return c
}

func mountDisk(t *testing.T, at, size string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(at, 0o755))
	require.NoError(t, syscall.Mount("tmpfs", at, "tmpfs", 0, "size="+size), "mounting disks takes root")
	t.Cleanup(func() { _ = syscall.Unmount(at, syscall.MNT_DETACH) })
}

// fill takes all the room that a disk has left; free gives it back.
func fill(t *testing.T, disk string) (free func()) {
	t.Helper()
	file := filepath.Join(disk, "filler")
	f, err := os.Create(file)
	require.NoError(t, err)
	_, err = io.Copy(f, zeros{})
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, f.Close())
	return func() { require.NoError(t, os.Remove(file)) }
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// filesMayNotGrow: a limit of the size of files is no full disk for Postgres, which calls it an internal error. It is answered
// and healed as one is.
func (c *chaos) filesMayNotGrow() {
	const largest = 17 << 20 // a little more than a piece of the log, without which it ends
	n := c.admin().newTicket("No growth", "growth@client.example")
	c.admin().awaitState(n, "new")
	limit := func(size string) {
		for _, pid := range family(c.limbs[partPostgres].current().PID()) {
			said, err := exec.Command("prlimit", "--fsize="+size+":unlimited", "--pid", strconv.Itoa(pid)).CombinedOutput()
			require.NoError(c.t, err, string(said))
		}
	}
	limit(strconv.Itoa(largest))
	noise := rand.NewChaCha8([32]byte{7})
	var refused object
	taken := 0
	for refused == nil {
		require.Less(c.t, taken, 2*largest/noiseBytes, "files may not grow, and everything is taken")
		words := make([]byte, noiseBytes)
		_, _ = noise.Read(words)
		body := object{"id": fmt.Sprint("no-growth-", taken), "message": says(base64.StdEncoding.EncodeToString(words))} // nothing that is stored in less
		if c.takes(n, body) {
			taken++
		} else {
			refused = body
		}
	}
	limit("unlimited")
	eventually(c.t, patience, "what was refused is taken", func() (reply, bool) {
		r, err := c.admin().try(c.t.Context(), http.MethodPost, ticketPath(n)+"/note", refused)
		return r, err == nil && r.status == http.StatusOK
	})
	c.t.Logf("%d taken before files were as large as they may be", taken)
	require.Equal(c.t, taken+1, count(c.desk, c.pool, `select count(*) from commands where id like 'no-growth-%' and outcome = 'applied'`), "each once")
}

// takes tells whether a note was taken; if not, it was answered 503 in words.
func (c *chaos) takes(n int64, note object) bool {
	r, err := c.admin().try(c.t.Context(), http.MethodPost, ticketPath(n)+"/note", note)
	require.NoError(c.t, err)
	if r.status == http.StatusOK || r.status == http.StatusAccepted {
		return true
	}
	require.Equal(c.t, http.StatusServiceUnavailable, r.status, r.String())
	require.Equal(c.t, "/problems/store-away", r.problem(c.desk).Type)
	require.NotEmpty(c.t, r.problem(c.desk).Detail)
	return false
}

// noiseBytes is what one of these notes holds.
const noiseBytes = 70_000

// postgresIsFull: what cannot be stored is answered 503, in words; repeated when there is room, it is taken once.
func (c *chaos) postgresIsFull() {
	n := c.admin().newTicket("No room", "room@client.example")
	c.admin().awaitState(n, "new")
	free := fill(c.t, filepath.Join(c.disks, "postgres"))
	var refused []object
	taken := 0
	for i := 0; len(refused) < 3; i++ {
		require.Less(c.t, i, 400, "the disk is full, and everything is taken")
		body := object{"id": fmt.Sprint("no-room-", i), "message": says(strings.Repeat("Words that fill a disk. ", 4000))}
		if c.takes(n, body) {
			taken++
		} else {
			refused = append(refused, body)
		}
	}
	c.send(letter{name: "Room", from: "room@client.example", subject: "Written when there was no room", body: "?"})
	free()
	c.postgresRuns()
	start := time.Now()
	for _, body := range refused {
		eventually(c.t, patience, "what was refused is taken", func() (reply, bool) {
			r, err := c.admin().try(c.t.Context(), http.MethodPost, ticketPath(n)+"/note", body)
			return r, err == nil && r.status == http.StatusOK
		})
	}
	c.t.Logf("%d taken on a full disk, %d refused in words; healed %v after there was room", taken, len(refused), time.Since(start).Round(time.Millisecond))
	require.Equal(c.t, taken+len(refused), count(c.desk, c.pool, `select count(*) from commands where id like 'no-room-%' and outcome = 'applied'`), "each once")
	c.admin().awaitTitle("Written when there was no room")
}

// postgresRuns starts it again where it gave up, as a supervisor does.
func (c *chaos) postgresRuns() {
	c.t.Helper()
	select {
	case <-c.limbs[partPostgres].current().Done():
		require.NoError(c.t, c.limbs[partPostgres].start())
		c.t.Log("Postgres had ended, and was started again")
	case <-time.After(time.Second):
	}
}

// temporalIsFull: commands are stored and answered 202, and done when there is room.
func (c *chaos) temporalIsFull() {
	n := c.admin().newTicket("No room there", "there@client.example")
	c.admin().awaitState(n, "new")
	free := fill(c.t, filepath.Join(c.disks, "temporal"))
	pending := 0
	for i := range 12 {
		r := c.admin().call(http.MethodPost, ticketPath(n)+"/agent-response", object{"id": fmt.Sprint("no-room-there-", i), "message": says(fmt.Sprintf("Answer %d ends.", i))})
		require.Contains(c.t, []int{http.StatusOK, http.StatusAccepted}, r.status, r)
		if r.status == http.StatusAccepted {
			pending++
		}
	}
	require.Positive(c.t, pending, "the disk is full")
	free()
	select {
	case <-c.limbs[partTemporal].current().Done():
		require.NoError(c.t, c.limbs[partTemporal].start())
		c.t.Log("Temporal had ended, and was started again")
	case <-time.After(time.Second):
	}
	start := time.Now()
	c.awaitMail("there@client.example", 12)
	c.t.Logf("%d of 12 commands waited; all answers went %v after there was room", pending, time.Since(start).Round(time.Millisecond))
}

// mailCanOnlyBeRead: an answer waits, and goes once when the server can write again.
func (c *chaos) mailCanOnlyBeRead() {
	n := c.admin().newTicket("Read only", "readonly@client.example")
	c.admin().awaitState(n, "new")
	box := filepath.Join(c.desk.dir, "mail")
	require.NoError(c.t, syscall.Mount(box, box, "", syscall.MS_BIND, ""))
	writable := func() { _ = syscall.Unmount(box, syscall.MNT_DETACH) }
	defer writable()
	require.NoError(c.t, syscall.Mount("", box, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	c.admin().command(n, "agent-response", object{"id": "read-only", "message": says("It waits.")})
	waiting := eventually(c.t, patience, "a vain attempt", func() (deliveryView, bool) {
		for _, item := range c.admin().timeline(n) {
			if item.CommandID == "read-only" && len(item.Delivery) == 1 {
				return item.Delivery[0], item.Delivery[0].State == "queued" && item.Delivery[0].Attempts > 0
			}
		}
		return deliveryView{}, false
	})
	require.NotNil(c.t, waiting.Reason)
	c.t.Logf("it is said why: %s", *waiting.Reason)
	require.Error(c.t, c.trySend(letter{from: "readonly@client.example", subject: "?"}, []byte("Subject: ?\r\n\r\n?\r\n")))
	writable()
	start := time.Now()
	mails := eventually(c.t, 7*time.Minute, "the mail goes", func() ([]received, bool) { // a server that puts off is asked again after five
		mails, err := c.tryInbox("readonly@client.example")
		return mails, err == nil && len(mails) > 0
	})
	require.Len(c.t, mails, 1)
	require.Contains(c.t, mails[0].text, "It waits.")
	c.t.Logf("sent %v after it could be written", time.Since(start).Round(time.Millisecond))
}
