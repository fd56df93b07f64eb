package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"duradesk/ticket"
)

// fakeFeed is a feed in memory.
type fakeFeed struct {
	mu        sync.Mutex
	hints     []Hint
	present   []Presence
	followers map[*func(Stir)]struct{}
	away      error
	read      int64 // the highest position that somebody has read
}

// taken tells whether all was read.
func (f *fakeFeed) taken() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.read >= int64(len(f.hints))
}

func (f *fakeFeed) FeedEnd(context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.hints)), f.away
}

func (f *fakeFeed) Hints(_ context.Context, after int64, limit int) ([]Hint, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from := min(int(after), len(f.hints))
	f.read = max(f.read, int64(min(from+limit, len(f.hints))))
	return slices.Clone(f.hints[from:min(from+limit, len(f.hints))]), f.away
}

func (f *fakeFeed) Follow(ctx context.Context, fn func(Stir)) {
	f.mu.Lock()
	if f.followers == nil {
		f.followers = map[*func(Stir)]struct{}{}
	}
	f.followers[&fn] = struct{}{}
	f.mu.Unlock()
	fn(Stir{})
	<-ctx.Done()
	f.mu.Lock()
	delete(f.followers, &fn)
	f.mu.Unlock()
}

func (f *fakeFeed) following() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.followers)
}

// happen adds lines and tells of them.
func (f *fakeFeed) happen(lines ...Hint) {
	f.mu.Lock()
	for _, h := range lines {
		h.Position = int64(len(f.hints) + 1)
		f.hints = append(f.hints, h)
	}
	f.mu.Unlock()
	f.stir(Stir{})
}

func (f *fakeFeed) stir(s Stir) {
	f.mu.Lock()
	var all []func(Stir)
	for fn := range f.followers {
		all = append(all, *fn)
	}
	f.mu.Unlock()
	for _, fn := range all {
		fn(s)
	}
}

func (f *fakeFeed) Attend(_ context.Context, n ticket.Number, agent, _, doing string, lasts time.Duration) error {
	f.mu.Lock()
	f.present = slices.DeleteFunc(f.present, func(p Presence) bool { return p.Number == n && p.Agent == agent })
	if doing != "" {
		now := time.Now()
		f.present = append(f.present, Presence{Number: n, Agent: agent, Name: agent, Doing: doing, Since: now, Until: now.Add(lasts)})
	}
	err := f.away
	f.mu.Unlock()
	f.stir(Stir{Number: n, Desk: "support"})
	return err
}

func (f *fakeFeed) Present(_ context.Context, numbers []ticket.Number) ([]Presence, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := []Presence{}
	for _, p := range f.present {
		if slices.Contains(numbers, p.Number) {
			out = append(out, p)
		}
	}
	return out, f.away
}
