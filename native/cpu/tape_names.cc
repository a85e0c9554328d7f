#include "tape.h"

namespace ab {

const char* nameOf(DType dtype) {
  constexpr const char* names[] = {"f32", "f64", "i32", "bool", "u8"};
  return names[static_cast<int>(dtype)];
}

const char* nameOf(StepOp op) {
  constexpr const char* names[] = {"stopGradient", "add",  "sub",   "mul",     "div",      "maximum", "minimum", "neg",
                                   "abs",          "sign", "floor", "exp",     "expm1",    "log",     "log1p",   "sqrt",
                                   "rsqrt",        "tanh", "sigmoid", "softplus", "sin",   "cos",     "pow",     "equal",
                                   "less",         "lessEqual", "and", "or",   "not",      "select",  "convert"};
  static_assert(sizeof(names) / sizeof(*names) == static_cast<size_t>(StepOp::count));
  return names[static_cast<int>(op)];
}

const char* nameOf(FoldOp op) { return op == FoldOp::sum ? "sum" : "max"; }

const char* nameOf(Opcode op) {
  constexpr const char* names[] = {"fused",    "transpose",       "slice",            "pad",          "concatenate",
                                   "reverse",  "iota",            "argmax",           "dot",          "conv2d",
                                   "conv2dInputGrad", "conv2dFilterGrad", "windowArgmax", "planeTake", "planePut",
                                   "windowSum", "windowSpread",   "takeRows",         "addRows"};
  static_assert(sizeof(names) / sizeof(*names) == static_cast<size_t>(Opcode::count));
  return names[static_cast<int>(op)];
}

int arityOf(StepOp op) {
  switch (op) {
    case StepOp::select: return 3;
    case StepOp::add:
    case StepOp::sub:
    case StepOp::mul:
    case StepOp::div:
    case StepOp::maximum:
    case StepOp::minimum:
    case StepOp::pow:
    case StepOp::equal:
    case StepOp::less:
    case StepOp::lessEqual:
    case StepOp::logicalAnd:
    case StepOp::logicalOr: return 2;
    default: return 1;
  }
}

}  // namespace ab
