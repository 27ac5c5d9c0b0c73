fn sigmoid(x: f32) -> f32 {
  return 1.0f / (1.0f + exp(-x));
}
