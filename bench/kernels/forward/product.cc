// The product's own kernel. Beyond the rungs before: any dilation and groups; 1 x 1 filters without stride are plain matrix products;
// tiles of up to 14 pixels, or of several rows where images are narrow; bands of one image as tasks when there are few images; and the
// next image is asked for while this one is computed.
#include "image.h"

namespace ab::lab::forward {
namespace {

void run(const ConvShape& s, const float* x, const float* f, float* y) { convForward<float>(s, x, f, y); }
void bound(const ConvShape& s, Napkin& napkin) { imagesBound(s, napkin, true); }

}  // namespace

const Rung<ConvShape> product{"product", "native/cpu: convForward()", run, bound, true};

}  // namespace ab::lab::forward
