package api

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"duradesk/ticket"
)

// hub hears the feed once for all readers of this process. It works while anybody reads. What it sends is made once
// and shared; a reader who does not take it is dropped, and comes back with the position that he has seen.
type hub struct {
	feed Feed
	log  *slog.Logger

	mu      sync.Mutex
	readers map[*reading]struct{}
	end     int64  // all up to here was sent
	stop    func() // ends the hearing; nil: nobody reads
}

// Bounds of a stream.
const (
	readerBacklog  = 128 // batches that wait for one reader
	batchPause     = 20 * time.Millisecond
	streamsOfAgent = 32               // more than these end the oldest
	hintBatch      = 500              // lines read at once
	replayMost     = 1000             // lines replayed to a reader who comes back; beyond: reset
	viewsPause     = time.Second      // between two hints that counts may have changed
	viewsAnyway    = time.Minute      // some counts change by the clock alone
	portPatience   = 10 * time.Second // of one look at the feed
)

// frame is one thing to send, with what decides for whom it is.
type frame struct {
	desk, client string
	text         []byte
	presence     bool // not for clients, moves no counts
}

// reading is one reader.
type reading struct {
	who   func(frame) bool // whether a frame is for him
	sight string           // readers with the same see the same
	agent string
	since time.Time
	out   chan []byte
	gone  chan struct{} // closed when he is dropped
	stale bool          // counts may have changed since he was told
}

func newHub(feed Feed, log *slog.Logger) *hub {
	return &hub{feed: feed, log: log, readers: map[*reading]struct{}{}}
}

// join begins a reading: whatever lies behind the returned position comes by its channel.
func (h *hub) join(ctx context.Context, who asker, at time.Time) (*reading, int64, error) {
	r := &reading{who: who.hears, sight: who.sight(), agent: who.id(), since: at, out: make(chan []byte, readerBacklog), gone: make(chan struct{})}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stop == nil {
		end, err := h.feed.FeedEnd(ctx)
		if err != nil {
			return nil, 0, err
		}
		h.end = end
		hearing, stop := context.WithCancel(context.Background())
		h.stop = stop
		go h.hear(hearing) //nolint:contextcheck // one hearing for all readers outlives the first; one that was stopped before changes nothing any more
	}
	h.makeRoom(r.agent)
	h.readers[r] = struct{}{}
	return r, h.end, nil
}

// makeRoom ends the oldest stream of somebody who has too many: tabs that were forgotten.
func (h *hub) makeRoom(agent string) {
	var own []*reading
	for r := range h.readers {
		if r.agent == agent {
			own = append(own, r)
		}
	}
	if len(own) >= streamsOfAgent {
		h.drop(slices.MinFunc(own, func(a, b *reading) int { return a.since.Compare(b.since) }))
	}
}

func (h *hub) leave(r *reading) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.readers, r)
	if len(h.readers) == 0 && h.stop != nil {
		h.stop()
		h.stop = nil
	}
}

// drop ends a reading; his handler leaves.
func (h *hub) drop(r *reading) {
	delete(h.readers, r)
	close(r.gone)
}

// hear works until the last reader has left.
func (h *hub) hear(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	grown := make(chan struct{}, 1)
	wg.Go(func() {
		h.feed.Follow(ctx, func(s Stir) {
			if s.Number != 0 {
				h.send(ctx, []frame{stirFrame(s)})
				return
			}
			select {
			case grown <- struct{}{}:
			default:
			}
		})
	})
	views, anyway := time.NewTicker(viewsPause), time.NewTicker(viewsAnyway)
	defer views.Stop()
	defer anyway.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-grown:
			h.advance(ctx)
			pause(ctx, batchPause) // what comes meanwhile goes together
		case <-views.C:
			h.tellViews(ctx, false)
		case <-anyway.C:
			h.tellViews(ctx, true)
		}
	}
}

// advance sends all that the feed has beyond the end.
func (h *hub) advance(ctx context.Context) {
	for {
		look, done := context.WithTimeout(ctx, portPatience)
		hints, err := h.feed.Hints(look, h.position(), hintBatch)
		done()
		if err != nil {
			if ctx.Err() == nil {
				h.log.DebugContext(ctx, "the feed cannot be read; trying again", "error", err)
			}
			return
		}
		if len(hints) == 0 {
			return
		}
		h.sendUpTo(ctx, frames(hints), hints[len(hints)-1].Position)
		if len(hints) < hintBatch {
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (h *hub) position() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.end
}

func (h *hub) send(ctx context.Context, all []frame) { h.sendUpTo(ctx, all, 0) }

// sendUpTo gives frames to all whom they concern, and moves the end with the same lock: a reader who joins gets each
// line either by replay or by his channel.
func (h *hub) sendUpTo(ctx context.Context, all []frame, end int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	h.end = max(h.end, end)
	made := map[string]batch{}
	for r := range h.readers {
		b, ok := made[r.sight]
		if !ok {
			b = batchFor(r, all)
			made[r.sight] = b
		}
		if len(b.text) > 0 && h.give(r, b.text) {
			r.stale = r.stale || b.counts
		}
	}
}

// batch is all that is sent to one reader at once.
type batch struct {
	text   []byte
	counts bool // of views may have changed
}

func batchFor(r *reading, all []frame) (b batch) {
	for _, f := range all {
		if r.who(f) {
			b.text = append(b.text, f.text...)
			b.counts = b.counts || !f.presence
		}
	}
	return b
}

func (h *hub) give(r *reading, text []byte) bool {
	select {
	case r.out <- text:
		return true
	default:
		h.drop(r)
		return false
	}
}

var viewsFrame = []byte("event: views\ndata: {}\n\n")

func (h *hub) tellViews(ctx context.Context, all bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	for r := range h.readers {
		if r.stale || all {
			r.stale = false
			h.give(r, viewsFrame)
		}
	}
}

// frames says of each ticket once how far it came: what lies between is of no use to who fetches it anyway.
func frames(hints []Hint) []frame {
	last := map[ticket.Number]int64{}
	for _, t := range hints {
		last[t.Number] = t.Position
	}
	var out []frame
	for _, t := range hints {
		if last[t.Number] == t.Position {
			out = append(out, frame{desk: t.Desk, client: t.Client, text: fmt.Appendf(nil, "id: %d\nevent: ticket\ndata: {\"number\":%d,\"revision\":%d}\n\n", t.Position, t.Number, t.Revision)})
		}
	}
	return out
}

// stirFrame is what is heard beside the feed: it has no position, and nobody who comes back is told it.
func stirFrame(s Stir) frame {
	if s.Client != "" {
		return frame{desk: s.Desk, client: s.Client, text: fmt.Appendf(nil, "event: ticket\ndata: {\"number\":%d,\"revision\":%d}\n\n", s.Number, s.Revision)}
	}
	return frame{desk: s.Desk, presence: true, text: fmt.Appendf(nil, "event: presence\ndata: {\"number\":%d}\n\n", s.Number)}
}
