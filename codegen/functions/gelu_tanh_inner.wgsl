// tanh(sqrt(2 / pi) (x + 0.044715 x^3)), the factor multiplied out.
fn gelu_tanh_inner(x: f32) -> f32 {
  return safe_tanh(x * (0.79788456f + 0.035677408f * x * x));
}
