package world_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"duradesk/mail/world"
)

// childDir tells the test binary to be a mail world in that directory instead.
const childDir = "DURADESK_TEST_WORLD_DIR"

// child opens a world, prints its addresses and keeps it open until its input ends.
func child() int {
	w, err := world.Start(context.Background(), world.Options{Dir: os.Getenv(childDir)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(w.SMTPAddr(), w.IMAPAddr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := w.Close(); err != nil {
		return 1
	}
	return 0
}

// spawn starts a child world and returns its SMTP and IMAP addresses.
func spawn(t *testing.T, dir string) (cmd *exec.Cmd, smtpAddr, imapAddr string) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	_, err := cmd.StdinPipe() // held open: its end would end the child
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	addrs := strings.Fields(line)
	return cmd, addrs[0], addrs[1]
}

// flood sends numbered mails over several connections until the server is gone, and returns those answered with 250.
// After enough of them it calls kill.
func flood(t *testing.T, addr, round string, enough int, kill func()) map[string][]string {
	t.Helper()
	var (
		mu       sync.Mutex
		accepted = make(map[string][]string) // id -> recipients
		once     sync.Once
		senders  sync.WaitGroup
	)
	for sender := range 6 {
		senders.Go(func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				return
			}
			c := smtp.NewClient(conn)
			defer c.Close()
			for n := 0; ; n++ {
				id := fmt.Sprintf("%s-%d-%d", round, sender, n)
				to := []string{desk}
				if n%3 == 0 {
					to = append(to, fmt.Sprintf("other%d@client.example", sender))
				}
				if send(c, client, nil, []byte("X-Id: "+id+"\r\n\r\nbody\r\n"), to...) != nil {
					return
				}
				mu.Lock()
				accepted[id] = to
				full := len(accepted) >= enough
				mu.Unlock()
				if full {
					once.Do(kill)
				}
			}
		})
	}
	senders.Wait()
	return accepted
}

var idField = regexp.MustCompile(`(?m)^X-Id: (\S+)\r$`)

// TestKill9 kills the world again and again in the middle of many deliveries. Every mail that was answered with 250
// is there, once, and no UID ever changes or is given again.
func TestKill9(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	accepted := make(map[string][]string)
	known := make(map[imap.UID]string)
	var validity uint32
	for round := range 4 {
		cmd, addr, _ := spawn(t, dir)
		for id, to := range flood(t, addr, fmt.Sprint(round), 150, func() { _ = cmd.Process.Kill() }) {
			accepted[id] = to
		}
		_ = cmd.Wait() // killed, so it errs

		w, err := world.Start(t.Context(), world.Options{Dir: dir})
		require.NoError(t, err)
		c := login(t, w, desk, nil)
		selected, err := c.Select("INBOX", nil).Wait()
		require.NoError(t, err)
		if round == 0 {
			validity = selected.UIDValidity
		}
		require.Equal(t, validity, selected.UIDValidity)
		checkAccepted(t, w, accepted)
		checkUIDs(t, w, known)
		// A UID that is gone is not given again either, kill or no kill.
		last := messages(t, w, desk, "INBOX")
		set := imap.UIDSetNum(last[len(last)-1].UID)
		require.NoError(t, c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close())
		require.NoError(t, c.UIDExpunge(set).Close())
		delete(accepted, string(idField.FindSubmatch(last[len(last)-1].Raw)[1]))
		require.NoError(t, w.Close())
	}
	require.Greater(t, len(accepted), 400)
	entries, err := os.ReadDir(dir + "/tmp")
	require.NoError(t, err)
	require.Empty(t, entries, "leftovers are removed")
}

func checkAccepted(t *testing.T, w *world.World, accepted map[string][]string) {
	t.Helper()
	copies := make(map[string]int) // by recipient and id
	for _, address := range w.Addresses() {
		for _, m := range messages(t, w, address, "INBOX") {
			require.True(t, bytes.HasSuffix(m.Raw, []byte("\r\nbody\r\n")), "no message is cut short")
			copies[address+" "+string(idField.FindSubmatch(m.Raw)[1])]++
		}
	}
	for id, to := range accepted {
		for _, recipient := range to {
			require.Equal(t, 1, copies[recipient+" "+id], "%s for %s", id, recipient)
		}
	}
	for what, n := range copies {
		require.Equal(t, 1, n, what)
	}
}

func checkUIDs(t *testing.T, w *world.World, known map[imap.UID]string) {
	t.Helper()
	for _, m := range messages(t, w, desk, "INBOX") {
		id := string(idField.FindSubmatch(m.Raw)[1])
		if before, ok := known[m.UID]; ok {
			require.Equal(t, before, id, "UID %d", m.UID)
		}
		known[m.UID] = id
	}
}

// TestKill9WhileMoving kills the world while one client moves messages and another flags them. Each message lies in
// exactly one folder then, and every flag and move that was answered OK is there.
func TestKill9WhileMoving(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const total = 400
	w, err := world.Start(t.Context(), world.Options{Dir: dir})
	require.NoError(t, err)
	for n := range total {
		_, err := w.Append(t.Context(), desk, "INBOX", fmt.Appendf(nil, "X-Id: %d\r\n\r\nbody\r\n", n), "$Born")
		require.NoError(t, err)
	}
	require.NoError(t, w.CreateFolder(t.Context(), desk, "Done"))
	require.NoError(t, w.Close())

	cmd, _, addr := spawn(t, dir)
	moved, flagged := make(map[string]bool), make(map[string]bool)
	var clients sync.WaitGroup
	work := func(from, to imap.UID, answered map[string]bool, do func(*imapclient.Client, imap.UIDSet) error) {
		defer clients.Done()
		c, err := imapclient.DialInsecure(addr, nil)
		if err != nil {
			return
		}
		defer c.Close()
		if c.Login(desk, "demo").Wait() != nil {
			return
		}
		if _, err := c.Select("INBOX", nil).Wait(); err != nil {
			return
		}
		for uid := from; uid <= to; uid++ {
			if do(c, imap.UIDSetNum(uid)) != nil {
				return
			}
			answered[fmt.Sprint(uid-1)] = true
			if len(answered) == total/4 {
				_ = cmd.Process.Kill()
			}
		}
	}
	clients.Add(2)
	go work(1, total/2, moved, func(c *imapclient.Client, set imap.UIDSet) error {
		_, err := c.Move(set, "Done").Wait()
		return err
	})
	go work(total/2+1, total, flagged, func(c *imapclient.Client, set imap.UIDSet) error {
		return c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{"$Done"}, Silent: true}, nil).Close()
	})
	clients.Wait()
	_ = cmd.Wait() // killed, so it errs
	require.NotEmpty(t, moved)
	require.NotEmpty(t, flagged)

	w = start(t, world.Options{Dir: dir})
	seen := make(map[string]string)
	for _, folder := range []string{"INBOX", "Done"} {
		for _, m := range messages(t, w, desk, folder) {
			id := string(idField.FindSubmatch(m.Raw)[1])
			require.NotContains(t, seen, id, "in both folders")
			seen[id] = folder
			require.Contains(t, m.Flags, imap.Flag("$Born"), "flags go along")
			require.True(t, !flagged[id] || slices.Contains(m.Flags, "$Done"), "a flag that was answered OK")
		}
	}
	require.Len(t, seen, total)
	for id := range moved {
		require.Equal(t, "Done", seen[id])
	}
}

func TestOneProcessOwnsTheDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spawn(t, dir)
	_, err := world.Start(t.Context(), world.Options{Dir: dir})
	require.ErrorContains(t, err, "another process is using it")
}
