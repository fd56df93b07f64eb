package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// Times of a stream.
const (
	pingPause  = 15 * time.Second
	lookAgain  = 2 * time.Second // until it is asked again whether the reader may read
	writeLimit = 10 * time.Second
)

// Stream sends hints as they come (server-sent events, WHATWG HTML §9.2): what changed, never what it is now, so that
// rights stay with the routes that show it.
func (s *server) Stream(c *gin.Context, q openapi.StreamParams) {
	who := askerOf(c)
	after, resumed := lastSeen(q.LastEventID)
	ctx, done := budget(c)
	defer done()
	r, end, err := s.hub.join(ctx, who, time.Now())
	if err != nil {
		s.told(c, err)
		return
	}
	defer s.hub.leave(r)
	past, err := s.replay(ctx, who, after, end, resumed)
	if err != nil {
		s.told(c, err)
		return
	}
	h := c.Writer.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no")
	w := &sse{c: c, ctl: http.NewResponseController(c.Writer)}
	if !w.write(past) {
		return
	}
	var until <-chan time.Time
	if q.Seconds != nil {
		timer := time.NewTimer(time.Duration(*q.Seconds) * time.Second)
		defer timer.Stop()
		until = timer.C
	}
	s.pour(c, w, r, until)
}

// pour sends until the reader hangs up, is dropped, or may not read any more.
func (s *server) pour(c *gin.Context, w *sse, r *reading, until <-chan time.Time) {
	ping := time.NewTicker(pingPause)
	defer ping.Stop()
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		select {
		case <-c.Request.Context().Done():
			return
		case <-s.Done:
			return
		case <-r.gone:
			return
		case <-until:
			return
		case text := <-r.out:
			if !w.write(text) {
				return
			}
		case <-ping.C:
			if !w.write([]byte(":\n\n")) {
				return
			}
		case <-look.C:
			if !s.still(c) {
				return
			}
		}
	}
}

// still asks whether the reader is who he was: a token may have been revoked, a desk left. Whoever changed is hung up
// on, and comes back as he is now.
func (s *server) still(c *gin.Context) bool {
	before := askerOf(c)
	op, _ := s.operation(c)
	now, p := s.authenticate(c, op.id)
	if p.kind == storeAway || p.kind == internal {
		return true // nobody knows; the next look tells
	}
	return p.kind == "" && now.id() == before.id() && now.client.Access == before.client.Access && now.Role == before.Role && fmt.Sprint(now.Desks) == fmt.Sprint(before.Desks)
}

// hears reports whether a frame is for him.
func (a asker) hears(f frame) bool {
	if a.isClient() {
		return !f.presence && f.client == a.client.ID
	}
	return a.sees(f.desk)
}

// sight is the same for those who see the same tickets.
func (a asker) sight() string {
	if a.isClient() {
		return "client " + a.client.ID
	}
	if a.Role == ticket.RoleAdmin {
		return "all"
	}
	return "desks " + strings.Join(sorted(a.Desks), " ")
}

func lastSeen(header *string) (int64, bool) {
	n, err := strconv.ParseInt(value(header), 10, 64)
	return n, err == nil && n >= 0
}

// replay is what a stream begins with: the position that it begins at, and for a reader who comes back all that he
// missed, or where that is too much, the hint to fetch everything anew.
func (s *server) replay(ctx context.Context, who asker, after, end int64, resumed bool) ([]byte, error) {
	begin := fmt.Appendf(nil, "retry: 2000\nid: %d\n\n", end)
	if !resumed || after == end {
		return begin, nil
	}
	reset := fmt.Appendf(begin, "event: reset\ndata: {}\n\n")
	if after > end { // of another database, or of one that was restored to an older state
		return reset, nil
	}
	hints, err := s.Feed.Hints(ctx, after, replayMost+1)
	if err != nil {
		return nil, err
	}
	if len(hints) > replayMost {
		return reset, nil
	}
	for len(hints) > 0 && hints[len(hints)-1].Position > end { // these come by the channel
		hints = hints[:len(hints)-1]
	}
	out := []byte("retry: 2000\n\n")
	for _, f := range frames(hints) {
		if who.hears(f) {
			out = append(out, f.text...)
		}
	}
	return append(append(out, viewsFrame...), fmt.Appendf(nil, "id: %d\n\n", end)...), nil
}

// sse writes to one reader; one who takes nothing for a while is given up.
type sse struct {
	c   *gin.Context
	ctl *http.ResponseController
}

func (w *sse) write(text []byte) bool {
	_ = w.ctl.SetWriteDeadline(time.Now().Add(writeLimit)) // a recorder has none
	if _, err := w.c.Writer.Write(text); err != nil {
		return false
	}
	return w.ctl.Flush() == nil
}

// presenceLasts is for how long a word about presence holds: two heartbeats and a little.
const presenceLasts = 45 * time.Second

// PutPresence notes what the asker does at a ticket; to be repeated every 20 s.
func (s *server) PutPresence(c *gin.Context, n openapi.Number) {
	if _, err := s.visible(c, ticket.Number(n)); err != nil {
		s.told(c, err)
		return
	}
	var doing, tab string
	if !s.asked(c, func(o *object) {
		doing = o.word("doing", true, []string{"viewing", "writing"})
		tab = o.text("tab", keyRule)
	}) {
		return
	}
	s.attend(c, ticket.Number(n), tab, doing)
}

// LeavePresence notes that the asker has left.
func (s *server) LeavePresence(c *gin.Context, n openapi.Number, q openapi.LeavePresenceParams) {
	if _, err := s.visible(c, ticket.Number(n)); err != nil {
		s.told(c, err)
		return
	}
	s.attend(c, ticket.Number(n), value(q.Tab), "")
}

func (s *server) attend(c *gin.Context, n ticket.Number, tab, doing string) {
	ctx, done := budget(c)
	defer done()
	if err := s.Feed.Attend(ctx, n, askerOf(c).Key, tab, doing, presenceLasts); err != nil {
		s.told(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// GetPresence lists who is at one ticket.
func (s *server) GetPresence(c *gin.Context, n openapi.Number) {
	if _, err := s.visible(c, ticket.Number(n)); err != nil {
		s.told(c, err)
		return
	}
	s.sayPresent(c, []ticket.Number{ticket.Number(n)})
}

// ListPresence lists who is at the tickets of a list: of those that the asker does not see, nothing.
func (s *server) ListPresence(c *gin.Context, q openapi.ListPresenceParams) {
	if len(value(q.Number)) > 200 {
		s.fail(c, problem{kind: invalidQuery, faults: []fault{{parameter: "number", code: "too_many", args: map[string]string{"max": "200"}}}})
		return
	}
	who := askerOf(c)
	query := Query{Viewer: who.Key, Desks: who.desks(), States: ticket.States(), Sort: "number", Limit: 200}
	for _, n := range value(q.Number) {
		query.Numbers = append(query.Numbers, ticket.Number(n))
	}
	if len(query.Numbers) == 0 || query.Desks != nil && len(query.Desks) == 0 {
		answer(c, http.StatusOK, openapi.PresenceList{Items: []openapi.Presence{}})
		return
	}
	ctx, done := budget(c)
	defer done()
	page, err := s.Reader.List(ctx, query)
	if err != nil {
		s.told(c, err)
		return
	}
	numbers := make([]ticket.Number, len(page.Items))
	for i, rec := range page.Items {
		numbers[i] = rec.Process.Number
	}
	s.sayPresent(c, numbers)
}

func (s *server) sayPresent(c *gin.Context, numbers []ticket.Number) {
	ctx, done := budget(c)
	defer done()
	found, err := s.Feed.Present(ctx, numbers)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.PresenceList{Items: make([]openapi.Presence, len(found)), Total: len(found)}
	for i, p := range found {
		out.Items[i] = openapi.Presence{Number: int64(p.Number), Agent: p.Agent, Name: p.Name, Doing: openapi.PresenceDoing(p.Doing), Since: p.Since.UTC(), Until: p.Until.UTC()}
	}
	answer(c, http.StatusOK, out)
}
