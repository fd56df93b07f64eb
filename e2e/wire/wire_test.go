package wire

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A wire passes, holds back, hangs up and falls silent; mended, it passes again, and the silent stay dead until they are
// buried.
func TestWire(t *testing.T) {
	t.Parallel()
	w, err := Lay(t.Context(), "127.0.0.1:0", echo(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.Close() })

	first := call(t, w)
	first.requireEcho("through")
	w.Delay(60 * time.Millisecond)
	start := time.Now()
	first.requireEcho("slowly")
	require.GreaterOrEqual(t, time.Since(start), 120*time.Millisecond, "both ways")
	w.Mend()
	first.requireEcho("at once")

	w.Silence()
	first.requireSilence()
	second := call(t, w)
	second.requireSilence()
	w.Mend()
	first.requireSilence()
	third := call(t, w)
	third.requireEcho("again")
	w.Bury()
	first.requireHungUp()
	second.requireHungUp()
	third.requireEcho("not buried")

	w.Cut()
	third.requireHungUp()
	call(t, w).requireHungUp()
	w.Mend()
	call(t, w).requireEcho("mended")
}

func TestNobodyIsThere(t *testing.T) {
	t.Parallel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	w, err := Lay(t.Context(), "127.0.0.1:0", gone.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.Close() })
	call(t, w).requireHungUp()
	_, err = Lay(t.Context(), w.Addr(), gone.Addr().String())
	require.ErrorContains(t, err, "lay a wire")
}

func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return l.Addr().String()
}

type talk struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func call(t *testing.T, w *Wire) talk {
	t.Helper()
	conn, err := net.Dial("tcp", w.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return talk{t, conn, bufio.NewReader(conn)}
}

func (k talk) requireEcho(line string) {
	k.t.Helper()
	require.NoError(k.t, k.conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err := fmt.Fprintln(k.conn, line)
	require.NoError(k.t, err)
	got, err := k.in.ReadString('\n')
	require.NoError(k.t, err)
	require.Equal(k.t, line+"\n", got)
}

func (k talk) requireSilence() {
	k.t.Helper()
	require.NoError(k.t, k.conn.SetDeadline(time.Now().Add(100*time.Millisecond)))
	_, err := fmt.Fprintln(k.conn, "anybody?")
	require.NoError(k.t, err, "it takes what nobody hears")
	_, err = k.in.ReadString('\n')
	require.ErrorIs(k.t, err, os.ErrDeadlineExceeded)
}

func (k talk) requireHungUp() {
	k.t.Helper()
	require.NoError(k.t, k.conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err := k.in.ReadString('\n')
	require.Error(k.t, err)
	require.NotErrorIs(k.t, err, os.ErrDeadlineExceeded)
}
