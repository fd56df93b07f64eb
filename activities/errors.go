package activities

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	"duradesk/ticket"
)

// ErrOvertaken says that another attempt at the same delivery has begun.
var ErrOvertaken = errors.New("another attempt has begun")

// ErrRowBehind says that a workflow holds a newer revision than its row: the database was restored to an older state.
// Nothing is applied until `duradesk recover` has looked.
var ErrRowBehind = errors.New("the ticket's row is older than its workflow: was the database restored? run `duradesk recover`")

// ErrAuth says that a mail server refused the login; trying again at once would only lock the account.
var ErrAuth = errors.New("the mail server refused the login")

// Types of errors as operators see them in histories. Messages name no person and hold no text.
const (
	TypeRowBehind = "RowBehind"
	TypeGone      = "Gone"
	TypeAuth      = "Auth"
	TypeAway      = "Away"
)

// verdict is the single place that says which errors are worth a retry. Infrastructure is: it comes back. What can
// never succeed is not, and the workflow is told so.
func verdict(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrRowBehind):
		return temporal.NewApplicationError(ErrRowBehind.Error(), TypeRowBehind)
	case ticket.CodeOf(err) == ticket.NotFound:
		return temporal.NewNonRetryableApplicationError("the row is gone", TypeGone, nil)
	case errors.Is(err, ErrAuth):
		return temporal.NewApplicationError(ErrAuth.Error(), TypeAuth)
	default:
		// The cause goes to the log, not into a history: it may quote a query's parameters.
		return temporal.NewApplicationError("not done, trying again; the worker's log says why", TypeAway)
	}
}
