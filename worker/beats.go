package worker

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
)

// beatWithin is how long one beat may take: shorter than the 12 s after which the server takes an activity for dead, and
// long enough for a server that is busy.
const beatWithin = 8 * time.Second

// beats sends the beats of activities by itself, as they come. The SDK holds them back, so that one that is lost makes a
// living activity look dead; set to hold nothing back, it gives each so little time that a busy server's late answer ends
// the activity: a mailbox is read anew, and a mail in the middle of its DATA becomes uncertain. Here only the server's
// word ends it.
type beats struct {
	interceptor.WorkerInterceptorBase

	heart  heart
	within time.Duration // of one beat
}

// heart is what of a client sends beats.
type heart interface {
	RecordActivityHeartbeat(ctx context.Context, taskToken []byte, details ...any) error
}

func (b *beats) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	in := &beating{beats: b}
	in.Next = next
	return in
}

// beating wraps the activities of a worker.
type beating struct {
	interceptor.ActivityInboundInterceptorBase

	beats *beats
}

func (b *beating) Init(outbound interceptor.ActivityOutboundInterceptor) error {
	out := &beater{beats: b.beats}
	out.Next = outbound
	return b.Next.Init(out)
}

// stopKey holds what ends an activity, for its beats.
type stopKey struct{}

func (b *beating) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	return b.Next.ExecuteActivity(context.WithValue(ctx, stopKey{}, cancel), in)
}

// beater sends beats.
type beater struct {
	interceptor.ActivityOutboundInterceptorBase

	beats *beats
}

// RecordHeartbeat tells the server that the activity lives, and ends the activity where the server says so. Whatever else
// goes wrong is no word of the server: the next beat asks again.
func (b *beater) RecordHeartbeat(ctx context.Context, details ...any) {
	cancel, ok := ctx.Value(stopKey{}).(context.CancelCauseFunc)
	if !ok || ctx.Err() != nil { // what has ended beats no more
		return
	}
	beat, done := context.WithTimeout(ctx, b.beats.within)
	defer done()
	err := b.beats.heart.RecordActivityHeartbeat(beat, b.GetInfo(ctx).TaskToken, details...)
	switch {
	case err == nil || ctx.Err() != nil:
	case unwanted(err):
		cancel(err)
	default:
		b.GetLogger(ctx).Info("a beat was not heard; the next one asks again", "error", err)
	}
}

// unwanted reports whether the server said that an activity is to end: cancelled, timed out or gone.
func unwanted(err error) bool {
	var gone *serviceerror.NotFound
	var moved *serviceerror.NamespaceNotActive
	var nowhere *serviceerror.NamespaceNotFound
	return temporal.IsCanceledError(err) || errors.Is(err, activity.ErrActivityPaused) || errors.Is(err, activity.ErrActivityReset) ||
		errors.As(err, &gone) || errors.As(err, &moved) || errors.As(err, &nowhere)
}
