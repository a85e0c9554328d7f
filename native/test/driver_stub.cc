// A driver that supports AB_VERSION of CUDA and finds AB_DEVICES devices.
extern "C" int cuDriverGetVersion(int* version) {
  *version = AB_VERSION;
  return 0;
}
extern "C" int cuInit(unsigned) {
  return AB_DEVICES == 0 ? 100 : 0;
}
extern "C" int cuDeviceGetCount(int* count) {
  *count = AB_DEVICES;
  return 0;
}
