package activities

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"duradesk/ticket"
)

// NamePost is the activity's name. It reached histories: never changed.
const NamePost = "Post"

// Hooks is the record as the sender of a webhook needs it.
type Hooks interface {
	// LendHooks gives a webhook to one sender for a while and says where to send; ticket.NotFound where it is gone or
	// switched off, lent false where another sender has it.
	LendHooks(ctx context.Context, webhook, sender string) (target ticket.HookTarget, lent bool, err error)
	// ReturnHooks ends the loan.
	ReturnHooks(ctx context.Context, webhook, sender string) error
	// DueHooks lists what may be sent now, oldest first; next is when the earliest of the rest falls due, zero for none.
	DueHooks(ctx context.Context, webhook string, limit int) (list []ticket.Hook, next time.Time, err error)
	// HookPosted records how an attempt ended; still false where another sender has the webhook by now.
	HookPosted(ctx context.Context, webhook, sender string, e ticket.HookEnd) (still bool, err error)
	// Standing tells how often in a row sending has failed, and since when.
	Standing(ctx context.Context, webhook string) (failures int, since time.Time, err error)
}

// Poster hands a signed body to an address.
type Poster interface {
	Post(ctx context.Context, url, id string, secrets []ticket.Secret, body []byte) Posted
}

// Posted is what came back of one request.
type Posted struct {
	Status int    // of HTTP; 0: nobody answered
	Error  string // "": taken
	// Unanswered says that the request left and no answer came: it may have been taken.
	Unanswered bool
	Wait       time.Duration
	Took       time.Duration
}

// Webhooks are the hands of a webhook's sender.
type Webhooks struct {
	Hooks  Hooks
	Poster Poster
	Log    *slog.Logger
	Now    func() time.Time
	// GiveUp is for how long one event is tried, and after which time of nothing but failures a webhook is switched
	// off; 0: three days.
	GiveUp time.Duration
	// Pause is the first pause after a failure, doubled each time up to an hour; 0: 5 s.
	Pause time.Duration
}

// How a webhook's sender works.
const (
	hooksAtOnce  = 8               // requests in flight to one receiver
	hooksBatch   = 400             // lines read at once
	restAfter    = 3               // failures in a row, then the receiver rests as a whole
	sendFor      = 5 * time.Minute // then the workflow has its turn
	lingerFor    = 2 * time.Second // with nothing to do, before the sender leaves
	lingerPause  = 200 * time.Millisecond
	longestPause = time.Hour
	gone         = 410 // of HTTP: the receiver wants no more (Standard Webhooks, "Operational considerations")
)

// Post sends what a webhook shall hear: of each ticket one after the other in order, of different tickets several at
// once. It returns when nothing is due for a moment, and says when something will be.
func (w *Webhooks) Post(ctx context.Context, id string) (ticket.HookState, error) {
	stop := beat(ctx, 2*time.Second)
	defer stop()
	info := activity.GetInfo(ctx)
	o := outing{id: id, sender: fmt.Sprintf("%s/%s/%d", info.WorkflowExecution.RunID, info.ActivityID, info.Attempt)}
	until := w.Now().Add(sendFor)
	idleSince := w.Now()
	sent := ticket.HookState{Enabled: true}
	for {
		target, lent, err := w.Hooks.LendHooks(ctx, id, o.sender)
		if ticket.CodeOf(err) == ticket.NotFound { // switched off meanwhile, perhaps: whoever switches it on again need not wait
			return ticket.HookState{Sent: sent.Sent, Failed: sent.Failed}, w.failed(ctx, id, w.Hooks.ReturnHooks(context.WithoutCancel(ctx), id, o.sender))
		}
		if err != nil {
			return sent, w.failed(ctx, id, err)
		}
		if !lent { // a sender that died, or one that is about to leave
			sent.NextAt = w.Now().Add(10 * time.Second)
			return sent, nil
		}
		o.target = target
		list, next, err := w.Hooks.DueHooks(ctx, id, hooksBatch)
		if err != nil {
			return sent, w.failed(ctx, id, err)
		}
		if len(list) > 0 {
			ok, bad := w.round(ctx, o, list)
			sent.Sent, sent.Failed = sent.Sent+ok, sent.Failed+bad
			idleSince = w.Now()
		}
		if ctx.Err() != nil || w.Now().After(until) || len(list) == 0 && w.Now().Sub(idleSince) > lingerFor {
			sent.NextAt = next
			if len(list) > 0 {
				sent.NextAt = w.Now()
			}
			return sent, w.failed(ctx, id, w.Hooks.ReturnHooks(context.WithoutCancel(ctx), id, o.sender))
		}
		if len(list) == 0 {
			rest(ctx, lingerPause)
		}
	}
}

// outing is one sender's turn with a webhook.
type outing struct {
	id     string
	sender string // no other has this name: not even the attempt before, which may still run somewhere
	target ticket.HookTarget
}

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (w *Webhooks) failed(ctx context.Context, id string, err error) error {
	if err != nil {
		w.Log.WarnContext(ctx, "webhook not served yet", "webhook", id, "error", err)
	}
	return verdict(err)
}

// round sends a batch: a chain for each ticket, some chains at once. A chain ends where something was not taken.
func (w *Webhooks) round(ctx context.Context, o outing, list []ticket.Hook) (ok, bad int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	room := make(chan struct{}, hooksAtOnce)
	for _, chain := range chains(list) {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		wg.Go(func() {
			defer func() { <-room }()
			for _, h := range chain {
				if ctx.Err() != nil {
					return
				}
				taken, on := w.one(ctx, o, h)
				mu.Lock()
				if taken {
					ok++
				} else {
					bad++
				}
				mu.Unlock()
				if !on {
					cancel()
				}
				if !taken {
					return
				}
			}
		})
	}
	wg.Wait()
	return ok, bad
}

// chains keeps the order within each ticket; pings stand alone.
func chains(list []ticket.Hook) [][]ticket.Hook {
	var out [][]ticket.Hook
	at := map[ticket.Number]int{}
	for _, h := range list {
		i, known := at[h.Ticket]
		if !known || h.Ticket == 0 {
			i = len(out)
			at[h.Ticket] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], h)
	}
	return out
}

// one sends one thing once. on is false where the round must end: the webhook is another's, off, or rests.
func (w *Webhooks) one(ctx context.Context, o outing, h ticket.Hook) (taken, on bool) {
	answer := w.Poster.Post(ctx, o.target.URL, h.MessageID, o.target.Secrets, h.Body)
	if ctx.Err() != nil && answer.Error != "" {
		return false, false // cut off by us: it says nothing about the receiver
	}
	end := ticket.HookEnd{Hook: h, At: w.Now(), Took: answer.Took, Status: answer.Status, Error: answer.Error}
	if answer.Error != "" {
		if err := w.judge(ctx, o.id, answer, &end); err != nil {
			_ = w.failed(ctx, o.id, err)
			return false, false
		}
	}
	still, err := w.Hooks.HookPosted(context.WithoutCancel(ctx), o.id, o.sender, end)
	if err != nil {
		_ = w.failed(ctx, o.id, err)
		return false, false
	}
	return answer.Error == "", still && end.Rest.IsZero() && end.TurnOff == ""
}

// judge says what follows from a failure: when to try again, whether the receiver rests, whether it is hopeless.
func (w *Webhooks) judge(ctx context.Context, id string, answer Posted, end *ticket.HookEnd) error {
	failures, since, err := w.Hooks.Standing(ctx, id)
	if err != nil {
		return err
	}
	limit := w.GiveUp
	if limit == 0 {
		limit = giveUp
	}
	end.Retry = end.At.Add(max(w.pause(end.Hook.Attempt), answer.Wait))
	end.GiveUp = end.Retry.After(end.Hook.Created.Add(limit))
	if answer.Status == 429 || answer.Status == 503 || failures+1 >= restAfter {
		end.Rest = end.At.Add(max(w.pause(failures+2-restAfter), min(answer.Wait, longestPause)))
	}
	switch {
	case answer.Status == gone:
		end.TurnOff, end.GiveUp = "gone", false
	case !since.IsZero() && end.At.Sub(since) > limit:
		end.TurnOff, end.GiveUp = "failing", false
	}
	return nil
}

func (w *Webhooks) pause(n int) time.Duration {
	first := w.Pause
	if first == 0 {
		first = 5 * time.Second
	}
	return min(first<<min(max(n-1, 0), 12), longestPause)
}
