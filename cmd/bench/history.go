package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/proto"
)

// history: what one action leaves in Temporal, counted from real histories.
func (b *bench) history(ctx context.Context) ([]row, error) {
	plain := row{name: "history events per action without mail", unit: "", target: target{figure: 8, words: "≤ 8"}}
	size := row{name: "history bytes per action without mail", unit: "B", target: target{figure: 2048, words: "≤ 2 KB"}}
	mailed := row{name: "history events per answer with mail", unit: "", target: target{figure: 12, words: "≤ 12"}, note: "of the ticket; the delivery has a history of its own"}
	burst := row{name: "history events per command in a burst of 100", unit: "", target: target{figure: 4, words: "≤ 4"}}
	for range b.Rounds {
		number, err := b.desk.openTicket(ctx, b.round("history"))
		if err != nil {
			return nil, err
		}
		const single = 10
		events, bytes, err := b.grown(ctx, number, func() error {
			return b.spaced(ctx, single, func(i int) error { return b.desk.command(ctx, number, "note", remark("Note "+strconv.Itoa(i))) })
		})
		if err != nil {
			return nil, err
		}
		plain.product, size.product = append(plain.product, events/single), append(size.product, bytes/single)

		events, _, err = b.grown(ctx, number, func() error {
			return b.spaced(ctx, single, func(i int) error {
				return b.desk.command(ctx, number, "agent-response", remark("Answer "+strconv.Itoa(i)))
			})
		})
		if err != nil {
			return nil, err
		}
		mailed.product = append(mailed.product, events/single)

		const many = 100
		events, _, err = b.grown(ctx, number, func() error {
			return each(ctx, many, 64, func(ctx context.Context, i int) error {
				return b.desk.command(ctx, number, "note", remark("Burst "+strconv.Itoa(i)))
			})
		})
		if err != nil {
			return nil, err
		}
		burst.product = append(burst.product, events/many)
	}
	return []row{plain, size, mailed, burst}, nil
}

// spaced does n things with half a second between them: each is an action of its own.
func (b *bench) spaced(ctx context.Context, n int, do func(i int) error) error {
	for i := range n {
		if err := do(i); err != nil {
			return err
		}
		if err := pause(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// grown tells by how many events and bytes a ticket's history grows while something is done.
func (b *bench) grown(ctx context.Context, number int64, do func() error) (events, bytes float64, err error) {
	eventsBefore, bytesBefore, _, err := b.told(ctx, number)
	if err != nil {
		return 0, 0, err
	}
	if err := do(); err != nil {
		return 0, 0, err
	}
	if err := pause(ctx, time.Second); err != nil { // the last task completes after its receipt
		return 0, 0, err
	}
	eventsAfter, bytesAfter, _, err := b.told(ctx, number)
	return float64(eventsAfter - eventsBefore), float64(bytesAfter - bytesBefore), err
}

// told counts events and bytes of a ticket over all its runs, and the events of its longest run.
func (b *bench) told(ctx context.Context, number int64) (events, bytes, longest int, err error) {
	var ticket struct {
		WorkflowID string `json:"workflow_id"`
	}
	if err := b.desk.call(ctx, http.MethodGet, fmt.Sprintf("/tickets/%d", number), nil, &ticket); err != nil {
		return 0, 0, 0, err
	}
	for run := ""; ; {
		here, before := 0, ""
		history := b.desk.temporal.GetWorkflowHistory(ctx, ticket.WorkflowID, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for history.HasNext() {
			event, err := history.Next()
			if err != nil {
				return 0, 0, 0, fmt.Errorf("read the history of ticket %d: %w", number, err)
			}
			here++
			bytes += proto.Size(event)
			if started := event.GetWorkflowExecutionStartedEventAttributes(); started != nil {
				before = started.GetContinuedExecutionRunId()
			}
		}
		events, longest = events+here, max(longest, here)
		if before == "" {
			return events, bytes, longest, nil
		}
		run = before
	}
}

// flood: so many commands on one ticket that its workflow has to continue as new under them.
func (b *bench) flood(ctx context.Context) ([]row, error) {
	speed := row{name: "commands/s on one ticket, 64 callers", unit: "/s", better: higher, note: "through continue-as-new; every command has its receipt"}
	longest := row{name: "events of the longest run in the flood", unit: "", target: target{figure: 1500, words: "about 1,000"}}
	n := b.size(10000)
	number, err := b.desk.openTicket(ctx, b.round("flood"))
	if err != nil {
		return nil, err
	}
	perSecond, err := b.rate(n, func() error {
		return each(ctx, n, 64, func(ctx context.Context, i int) error {
			return b.desk.command(ctx, number, "note", remark("Flood "+strconv.Itoa(i)))
		})
	})
	if err != nil {
		return nil, err
	}
	_, _, most, err := b.told(ctx, number)
	speed.product, longest.product = []float64{perSecond}, []float64{float64(most)}
	return []row{speed, longest}, err
}
