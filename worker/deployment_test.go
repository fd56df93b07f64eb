package worker

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
)

// A busy server breaks a call off ("stream terminated by RST_STREAM with error code: CANCEL"); a wrong name stays wrong.
func TestAPromotionBearsWithABusyServer(t *testing.T) {
	t.Parallel()
	for _, passing := range []error{
		serviceerror.NewCanceled("stream terminated by RST_STREAM with error code: CANCEL"), serviceerror.NewDeadlineExceeded("slow"),
		serviceerror.NewUnavailable("not yet"), serviceerror.NewNotFound("no such version"), serviceerror.NewFailedPrecondition("not polled"), errUnderWay,
	} {
		require.True(t, mayCome(passing), passing)
	}
	for _, lasting := range []error{serviceerror.NewInvalidArgument("wrong"), serviceerror.NewPermissionDenied("no", ""), errors.New("else")} {
		require.False(t, mayCome(lasting), lasting)
	}
}
