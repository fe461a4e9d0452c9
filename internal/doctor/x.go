package doctor

import "context"

func (x *examination) store(context.Context)  {}
func (x *examination) broker(context.Context) {}
