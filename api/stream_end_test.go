package api

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ends waits until a stream is hung up on.
func (l *listening) ends(t *testing.T) {
	t.Helper()
	late := time.After(time.Minute) // a busy machine; it is a matter of lookAgain
	for {
		select {
		case _, open := <-l.blocks:
			if !open {
				return
			}
		case <-late:
			t.Fatal("the stream goes on")
		}
	}
}

// TestAStreamEndsSoonAfterItsReaderMayReadNoMore: a token that is revoked, a session that is ended, a desk that is left.
func TestAStreamEndsSoonAfterItsReaderMayReadNoMore(t *testing.T) {
	t.Parallel()
	require.LessOrEqual(t, lookAgain, 5*time.Second, "soon")
	f, door := fresh(t)
	s := httptest.NewServer(door)
	t.Cleanup(s.Close)
	stays := listen(t, s.URL, f.tokenOf(t, "lead", scopeRead), "")
	revoked := listen(t, s.URL, f.tokenOf(t, "sato", scopeRead), "")
	moved := listen(t, s.URL, f.tokenOf(t, "mori", scopeRead), "")
	cookie, _ := f.signIn(t, door, "sato")
	ended := listenAs(t, s.URL, "Cookie", cookie, "")

	call(t, door, bootstrap, "DELETE", "/api/v1/tokens/t-sato", "").is(t, 204)
	revoked.ends(t)
	admin, _ := f.signIn(t, door, "admin")
	call(t, door, "", "DELETE", "/api/v1/sessions?agent=sato", "", "Cookie", admin).is(t, 204)
	ended.ends(t)
	call(t, door, bootstrap, "PATCH", "/api/v1/agents/mori", `{"desks":["support"]}`).is(t, 200)
	moved.ends(t)
	select {
	case _, open := <-stays.blocks:
		require.True(t, open, "nothing changed for him")
	default:
	}
}

// TestHowAMessageFaresIsHintedAt: to staff of the desk and to the client, without a position, for it is no event.
func TestHowAMessageFaresIsHintedAt(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	s := httptest.NewServer(door)
	t.Cleanup(s.Close)
	sato := listen(t, s.URL, f.tokenOf(t, "sato", scopeRead), "")
	mori := listen(t, s.URL, f.tokenOf(t, "mori", scopeRead), "")
	require.Contains(t, <-sato.blocks, "id: ")
	require.Contains(t, <-mori.blocks, "id: ")
	var block string
	require.Eventually(t, func() bool {
		f.feed.stir(Stir{Number: 1042, Desk: "support", Client: "c_1", Revision: 7}) // heard by who listens by then
		select {
		case block = <-sato.blocks:
			return strings.HasPrefix(block, "event: ticket")
		default:
			return false
		}
	}, time.Minute, 20*time.Millisecond)
	require.Equal(t, "event: ticket\ndata: {\"number\":1042,\"revision\":7}", block)
	f.feed.stir(Stir{Number: 1043, Desk: "other", Client: "c_2", Revision: 1})
	require.Equal(t, "event: ticket\ndata: {\"number\":1043,\"revision\":1}", mori.next(t), "nothing of the other desk came before")
}
