package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// record is a desk whose bell fails for some.
type record struct {
	out     ticket.ApplyResult
	err     error
	broken  map[string]bool
	steps   []string
	started []string
	answer  chan struct{} // of Temporal, closed when it comes; nil: at once
}

func (r *record) Apply(context.Context, ticket.ApplyInput) (ticket.ApplyResult, error) {
	return r.out, r.err
}

func (r *record) Started(_ context.Context, deliveries []string) error {
	r.started = deliveries
	return nil
}

func (r *record) Ring(_ context.Context, n ticket.Number, name string, _ ticket.Ring) error {
	r.steps = append(r.steps, fmt.Sprint(name, " ", n))
	return nil
}

func (r *record) StartDelivery(_ context.Context, id string) error {
	if r.broken[id] {
		return errors.New("away")
	}
	if r.answer != nil {
		<-r.answer
	}
	r.steps = append(r.steps, "start "+id)
	return nil
}

func (r *record) hands() *Tickets {
	return &Tickets{Desk: r, Bell: r, Log: slog.New(slog.DiscardHandler), ContinueAfter: 1000, Crash: func(p string) { r.steps = append(r.steps, p) }}
}

func TestWhatCouldBeStartedIsNotedAndTheRestWaits(t *testing.T) {
	t.Parallel()
	r := &record{broken: map[string]bool{"b": true}}
	_, err := run(r.hands().StartEffects, NameStartEffects, []ticket.Errand{{Delivery: "a"}, {Delivery: "b"}, {Ring: 1043}, {Delivery: "c"}})
	require.NoError(t, err, "what fails here, the relay finds")
	require.Equal(t, []string{"a", "c"}, r.started)
	require.Equal(t, []string{"before_start_effects", "start a", "bell 1043", "start c", "after_start_effects"}, r.steps)
}

func TestNobodyWaitsForEffectsAndWhatHasNoRoomWaitsForTheRelay(t *testing.T) {
	t.Parallel()
	r := &record{answer: make(chan struct{})}
	hands := r.hands()
	hands.Aside, hands.Crash = NewAside(1), func(string) {}
	for _, id := range []string{"a", "b"} {
		_, err := run(hands.StartEffects, NameStartEffects, []ticket.Errand{{Delivery: id}})
		require.NoError(t, err, "before Temporal has answered")
	}
	close(r.answer)
	hands.Aside.Wait()
	require.Equal(t, []string{"start a"}, r.steps)
	require.Equal(t, []string{"a"}, r.started)
	_, err := run(hands.StartEffects, NameStartEffects, []ticket.Errand{{Delivery: "c"}})
	require.NoError(t, err)
	hands.Aside.Wait()
	require.Equal(t, []string{"start a", "start c"}, r.steps, "there is room again")
}

func TestTheLimitOfAHistoryTravelsInEachResult(t *testing.T) {
	t.Parallel()
	r := &record{}
	v, err := run(r.hands().Apply, NameApply, ticket.ApplyInput{Number: 1042})
	require.NoError(t, err)
	var out ticket.ApplyResult
	require.NoError(t, v.Get(&out))
	require.Equal(t, 1000, out.ContinueAfter)
}

func TestAnErrorOfTheRecordReachesNoHistory(t *testing.T) {
	t.Parallel()
	r := &record{err: fmt.Errorf("write yamada@client.example: %w", errors.New("connection reset"))}
	_, err := run(r.hands().Apply, NameApply, ticket.ApplyInput{Number: 1042})
	require.ErrorContains(t, err, TypeAway)
	require.NotContains(t, err.Error(), "yamada")
}
