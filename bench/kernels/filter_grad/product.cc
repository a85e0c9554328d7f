// The product's own kernel. Beyond the rungs before: any dilation and groups; bands go on from one image to the next; few images are
// cut into bands for the threads; the border is copied band by band; narrow outputs stack several filter rows in a tile; and the next
// band is asked for while this one is computed.
#include "image.h"

namespace ab::lab::filter_grad {
namespace {

void run(const ConvShape& s, const float* x, const float* dy, float* df) { convFilterGrad<float>(s, x, dy, df); }
void bound(const ConvShape& s, Napkin& napkin) { imagesBound(s, napkin, bandRows(s), true); }

}  // namespace

const Rung<ConvShape> product{"product", "native/cpu: convFilterGrad()", run, bound, true};

}  // namespace ab::lab::filter_grad
