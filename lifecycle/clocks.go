package lifecycle

import (
	. "duradesk/ticket" //nolint:revive // as in rules.go: the table reads without prefixes
)

// ClockRow says which clocks run in a state. Those that run elsewhere only are stopped on entering it.
type ClockRow []ClockRule

// ClockRule is one clock of a state.
type ClockRule struct {
	Kind ClockKind
	// Starts tells when it falls due if the state is entered now. None: the state only lets a clock run that was
	// started elsewhere.
	Starts Term
	// Once: not started where the ticket has (or had) such a clock.
	Once bool
	// GoesOn: where it was met before, it goes on with what it had consumed.
	GoesOn bool
	// Stands: it stands still here.
	Stands bool
	// HoldPauses: it stands still here for those reasons of hold that the policy names.
	HoldPauses bool
	// Met: entering the state meets it.
	Met bool
}

// The clocks that several states share. To change when a ticket closes by itself, change closing: for instance
// workingDays(10).unless(urgent, "mine_resolved").
var (
	firstResponse = ClockRule{Kind: FirstResponse, Starts: target(FirstResponse), Once: true, HoldPauses: true}
	nextResponse  = ClockRule{Kind: NextResponse, Starts: target(NextResponse).when(owed), HoldPauses: true}
	resolution    = ClockRule{Kind: Resolution, Starts: target(Resolution), Once: true, GoesOn: true, HoldPauses: true}
	promise       = ClockRule{Kind: Promised}
	closing       = ClockRule{Kind: AutoClose, Starts: autoClose}
)

// inquiryClocks: on entry into a state its clocks are set; while inside they go on. What the spam box and a merge
// stop starts again on the way back; a wake and a promise, which name an instant, wait there.
var inquiryClocks = map[State]ClockRow{
	New:                {firstResponse, nextResponse, resolution, promise},
	Open:               {firstResponse, nextResponse, resolution, promise},
	OnHold:             {firstResponse, nextResponse, resolution, promise, {Kind: Wake, Starts: holdUntil}},
	HandedOver:         {firstResponse, nextResponse, {Kind: Resolution, Stands: true}, promise, {Kind: HandOver, Starts: handOverPromise}},
	HandOverAnswered:   {firstResponse, nextResponse, resolution, promise},
	Resolved:           {{Kind: Resolution, Met: true}, closing},
	ResolvedInternally: {{Kind: Resolution, Met: true}, closing},
	Spam:               {{Kind: Wake, Stands: true}, {Kind: Promised, Stands: true}, {Kind: Retention, Starts: spamRetention}},
	Closed:             {{Kind: Resolution, Met: true}},
	Merged:             {{Kind: FirstResponse, Stands: true}, {Kind: NextResponse, Stands: true}, {Kind: Resolution, Stands: true}, {Kind: Promised, Stands: true}, {Kind: Wake, Stands: true}},
	Deleted:            {},
}
